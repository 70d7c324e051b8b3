import { z } from 'zod';
import { isSmallOrder } from './small-order.ts';

/** What the benchmark calls several sites together, in training and in testing: a site of that name would be taken for them. */
const SEVERAL_SITES = /^(pool|pooled|stratified|all-but-.*)$/;

/** A site's id: chosen by the registry's admin, lower case, at most 32 characters. */
export const siteId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,31}$/, 'a site id is 2–32 characters: a–z, 0–9 and -, starting with a letter')
  .refine(
    (id) => !SEVERAL_SITES.test(id),
    'pool, pooled, stratified and all-but-… stand for several sites: choose another id',
  );

/** Lower-case hexadecimal SHA-256. */
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected a lower-case hexadecimal SHA-256');

/** A training run's id: time-ordered, made at the site, says nothing about patients. */
export const runId = z.string().regex(/^run-[0-9a-z-]{8,40}$/);

/** File names inside a release: one flat folder, no dots at the start, no separators. */
export const fileName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/);

/** The largest INTEGER of the registry's database. */
export const INTEGER_MAX = 2 ** 31 - 1;

/** Counts a site's releases from 1. */
export const releaseVersion = z.int().positive().max(INTEGER_MAX);

export const isoDateTime = z.iso.datetime();

/** Public half of an Ed25519 key as JSON Web Key (RFC 8037). A private member (`d`) is refused. */
export const publicJwk = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .refine((x) => !isSmallOrder(x), 'this key is one that anybody can sign for'),
  kid: z.string().max(64).optional(),
});
export type PublicJwk = z.infer<typeof publicJwk>;

/** A compact JWS (RFC 7515 §7.1), at most 1 MiB. */
export const compactJws = z
  .string()
  .max(1_048_576)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
