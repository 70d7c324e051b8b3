import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicJwk } from './ids.ts';
import { isSmallOrder } from './small-order.ts';

const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
/** The encodings that libsodium refuses, by their published values; the last byte has the sign of x in its top bit. */
const ENCODINGS = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];
const withSign = (hex: string) => {
  const bytes = Buffer.from(hex, 'hex');
  bytes[31]! |= 0x80;
  return bytes.toString('hex');
};

describe.each([...ENCODINGS, ...ENCODINGS.map(withSign)])('the key %s', (hex) => {
  it('is one that anybody can sign for, and none of a site', () => {
    expect(isSmallOrder(base64url(hex))).toBe(true);
    expect(publicJwk.safeParse({ kty: 'OKP', crv: 'Ed25519', x: base64url(hex) }).success).toBe(false);
  });
});

it('a signature that nobody made fits such a key, so the check is needed', () => {
  const x = base64url(ENCODINGS[1]!);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const signature = Buffer.concat([Buffer.from(ENCODINGS[1]!, 'hex'), Buffer.alloc(32)]);
  expect(verify(null, Buffer.from('anything'), key, signature)).toBe(true);
});

it('every key that is made is taken', () => {
  for (let i = 0; i < 200; i++) {
    const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    expect(isSmallOrder(jwk.x!)).toBe(false);
    expect(publicJwk.safeParse(jwk).success).toBe(true);
  }
});
