-- Contents are looked at before a release is visible: uploading → verifying → published | quarantined.
-- What was published before stays published.

ALTER TABLE "release"
  DROP CONSTRAINT "release_status_check",
  ADD CONSTRAINT "release_status_check"
    CHECK ("status" IN ('uploading', 'verifying', 'published', 'quarantined')),
  ADD COLUMN "completed_at" TIMESTAMPTZ(3),
  ADD COLUMN "decided_at" TIMESTAMPTZ(3),
  ADD COLUMN "content_code" TEXT;

UPDATE "release" SET "completed_at" = "published_at", "decided_at" = "published_at" WHERE "status" = 'published';

ALTER TABLE "release"
  ADD CONSTRAINT "release_completed_check" CHECK (("status" = 'uploading') = ("completed_at" IS NULL)),
  ADD CONSTRAINT "release_decided_check"
    CHECK (("status" IN ('published', 'quarantined')) = ("decided_at" IS NOT NULL)),
  ADD CONSTRAINT "release_code_check" CHECK (("status" = 'quarantined') = ("content_code" IS NOT NULL));

-- A version names one set of contents from the moment that it came whole, whatever became of it.
CREATE UNIQUE INDEX "release_completed_version_key" ON "release" ("site_id", "version") WHERE "status" <> 'uploading';
DROP INDEX "release_published_version_key";

-- When the benchmark last asked for releases to verify.
ALTER TABLE "site" ADD COLUMN "verifier_seen_at" TIMESTAMPTZ(3);
