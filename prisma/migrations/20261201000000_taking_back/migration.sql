-- What was given can be taken back: a site is suspended or revoked, its keys have a history, a release is withdrawn.

-- A revoked site has no keys and has to enrol again; a suspended one keeps them.
ALTER TABLE "site"
  ADD COLUMN "suspended_at" TIMESTAMPTZ(3),
  ADD COLUMN "revoked_at" TIMESTAMPTZ(3),
  ADD CONSTRAINT "site_revoked_check" CHECK ("revoked_at" IS NULL OR "enrolled_at" IS NULL);

-- Every signing key that a site has had. What was released under an ended one still verifies; under a compromised one,
-- only what was published before.
CREATE TABLE "signing_key" (
  "site_id" TEXT NOT NULL REFERENCES "site" ("id"),
  "kid" TEXT NOT NULL,
  "key" JSONB NOT NULL,
  "from" TIMESTAMPTZ(3) NOT NULL,
  "until" TIMESTAMPTZ(3),
  "compromised_at" TIMESTAMPTZ(3),
  -- The statement by which the key before this one named it, as a compact JWS; none where the site enrolled with it.
  "endorsement" TEXT,
  PRIMARY KEY ("site_id", "kid"),
  CHECK ("compromised_at" IS NULL OR "until" IS NOT NULL)
);
CREATE UNIQUE INDEX "signing_key_current_key" ON "signing_key" ("site_id") WHERE "until" IS NULL;

-- `kid` is the key's own, else its thumbprint (RFC 7638), as in its signatures.
INSERT INTO "signing_key" ("site_id", "kid", "key", "from")
SELECT
  "id",
  COALESCE(
    "signing_key" ->> 'kid',
    rtrim(translate(encode(sha256(convert_to(
      '{"crv":"Ed25519","kty":"OKP","x":"' || ("signing_key" ->> 'x') || '"}', 'UTF8')), 'base64'), '+/', '-_'), '=')
  ),
  "signing_key",
  "enrolled_at"
FROM "site" WHERE "signing_key" IS NOT NULL;

-- published | verifying → withdrawn: a tombstone, which keeps when it was published.
ALTER TABLE "release"
  ADD COLUMN "withdrawn_at" TIMESTAMPTZ(3),
  ADD COLUMN "withdrawal_reason" TEXT,
  DROP CONSTRAINT "release_status_check",
  DROP CONSTRAINT "release_check",
  DROP CONSTRAINT "release_decided_check",
  ADD CONSTRAINT "release_status_check"
    CHECK ("status" IN ('uploading', 'verifying', 'published', 'quarantined', 'withdrawn')),
  ADD CONSTRAINT "release_published_check"
    CHECK ("status" = 'withdrawn' OR ("status" = 'published') = ("published_at" IS NOT NULL)),
  ADD CONSTRAINT "release_decided_check"
    CHECK ("status" = 'withdrawn' OR ("status" IN ('published', 'quarantined')) = ("decided_at" IS NOT NULL)),
  ADD CONSTRAINT "release_withdrawn_check"
    CHECK (("status" = 'withdrawn') = ("withdrawn_at" IS NOT NULL)
      AND ("withdrawn_at" IS NULL) = ("withdrawal_reason" IS NULL));
