export * from './audit-approved.ts';
export * from './authoriser.ts';
export * from './bundle.ts';
export * from './classifier.ts';
export { generateKeyPair, keyIdOf, type PrivateJwk, publicJwkOf } from './keys.ts';
export * from './manifest.ts';
export * from './shards.ts';
export * from './site-keys.ts';
export * from './strict-json.ts';
export {
  markSynthetic,
  SYNTHETIC_MARK,
  SYNTHETIC_SOURCE_TYPE,
  SYNTHETIC_XMP,
} from './synthetic-mark.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
