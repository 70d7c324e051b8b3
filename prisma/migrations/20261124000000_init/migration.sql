-- The registry's first tables. Types follow ../../schema.prisma; what Prisma can't say (checks, partial indexes,
-- the audit trail's trigger) is said here.

CREATE TABLE "site" (
  "id" TEXT PRIMARY KEY,
  "name" TEXT NOT NULL,
  "kind" TEXT NOT NULL CHECK ("kind" IN ('site', 'benchmark')),
  "auth_key" JSONB,
  "signing_key" JSONB,
  "agent_version" TEXT,
  "status" JSONB,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "enrolled_at" TIMESTAMPTZ(3),
  "seen_at" TIMESTAMPTZ(3),
  -- An enrolled site has both keys, an invited one has none.
  CHECK (("enrolled_at" IS NULL) = ("auth_key" IS NULL) AND ("enrolled_at" IS NULL) = ("signing_key" IS NULL))
);

CREATE TABLE "enrolment_code" (
  "code_hash" TEXT PRIMARY KEY,
  "site_id" TEXT NOT NULL REFERENCES "site" ("id"),
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "used_at" TIMESTAMPTZ(3)
);

CREATE TABLE "access_token" (
  "token_hash" TEXT PRIMARY KEY,
  "site_id" TEXT NOT NULL REFERENCES "site" ("id"),
  "key_thumbprint" TEXT NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "access_token_expires_at_idx" ON "access_token" ("expires_at");

CREATE TABLE "used_token_id" (
  "id" TEXT PRIMARY KEY,
  "expires_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "used_token_id_expires_at_idx" ON "used_token_id" ("expires_at");

CREATE TABLE "grant" (
  "id" UUID PRIMARY KEY,
  "name" TEXT NOT NULL,
  "role" TEXT NOT NULL CHECK ("role" IN ('researcher', 'admin')),
  "token_hash" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "revoked_at" TIMESTAMPTZ(3)
);
CREATE UNIQUE INDEX "grant_token_hash_key" ON "grant" ("token_hash");

CREATE TABLE "idempotency_key" (
  "site_id" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "request_hash" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("site_id", "key")
);
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key" ("created_at");

CREATE TABLE "release" (
  "id" UUID PRIMARY KEY,
  "site_id" TEXT NOT NULL REFERENCES "site" ("id"),
  "version" INTEGER NOT NULL CHECK ("version" > 0),
  "manifest" TEXT NOT NULL,
  "manifest_sha256" TEXT NOT NULL,
  "status" TEXT NOT NULL CHECK ("status" IN ('uploading', 'published')),
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "published_at" TIMESTAMPTZ(3),
  CHECK (("status" = 'published') = ("published_at" IS NOT NULL))
);
CREATE UNIQUE INDEX "release_site_id_manifest_sha256_key" ON "release" ("site_id", "manifest_sha256");
CREATE UNIQUE INDEX "release_published_version_key" ON "release" ("site_id", "version") WHERE "status" = 'published';
CREATE INDEX "release_status_published_at_idx" ON "release" ("status", "published_at");

CREATE TABLE "release_file" (
  "release_id" UUID NOT NULL REFERENCES "release" ("id") ON DELETE CASCADE,
  "name" TEXT NOT NULL,
  "kind" TEXT NOT NULL CHECK ("kind" IN ('generator', 'images', 'grid')),
  "size" BIGINT NOT NULL CHECK ("size" > 0),
  "sha256" TEXT NOT NULL,
  "object_key" TEXT NOT NULL,
  "upload_id" TEXT,
  "verified_at" TIMESTAMPTZ(3),
  PRIMARY KEY ("release_id", "name")
);

CREATE TABLE "classifier" (
  "id" UUID PRIMARY KEY,
  "created_by" TEXT NOT NULL REFERENCES "site" ("id"),
  "descriptor" TEXT NOT NULL,
  "weights_sha256" TEXT NOT NULL,
  "weights_size" INTEGER NOT NULL CHECK ("weights_size" > 0),
  "object_key" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "ready_at" TIMESTAMPTZ(3)
);

CREATE TABLE "task" (
  "id" UUID PRIMARY KEY,
  "site_id" TEXT NOT NULL REFERENCES "site" ("id"),
  "classifier_id" UUID NOT NULL REFERENCES "classifier" ("id"),
  "status" TEXT NOT NULL CHECK ("status" IN ('open', 'done', 'refused')),
  "refusal_code" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "closed_at" TIMESTAMPTZ(3),
  CHECK (("status" = 'open') = ("closed_at" IS NULL))
);
CREATE UNIQUE INDEX "task_site_id_classifier_id_key" ON "task" ("site_id", "classifier_id");

CREATE TABLE "score" (
  "site_id" TEXT NOT NULL REFERENCES "site" ("id"),
  "subject" TEXT NOT NULL,
  "report" JSONB NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("site_id", "subject")
);

CREATE TABLE "benchmark_result" (
  "sequence" SERIAL PRIMARY KEY,
  "cells" JSONB NOT NULL,
  "created_by" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL
);

CREATE TABLE "audit_row" (
  "sequence" INTEGER PRIMARY KEY CHECK ("sequence" > 0),
  "at" TIMESTAMPTZ(3) NOT NULL,
  "actor" TEXT NOT NULL,
  "action" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "previous_hash" TEXT NOT NULL,
  "hash" TEXT NOT NULL
);

CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail only grows';
END
$$;
CREATE TRIGGER "audit_row_only_grows" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_row"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
