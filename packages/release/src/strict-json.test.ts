import type { ProblemError } from '@synspine/protocol';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from './strict-json.ts';

const codeOf = (input: string | Uint8Array): string | undefined => {
  try {
    parseStrictJson(input);
    return undefined;
  } catch (error) {
    return (error as ProblemError).code;
  }
};

describe('the strict JSON reader', () => {
  it.each([
    '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
    '{"a":"\\"a\\":1,\\\\","b":"{\\"a\\":1}"}',
    '["a","a","a"]',
    ' null ',
    '{"":0,"é":[1e3,-0.5,true]}',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    expect(parseStrictJson(new TextEncoder().encode(text))).toEqual(JSON.parse(text));
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"x":[{"k":1,"b":{},"k":2}]}',
    '{"a" : 1,\n"a"\t:2}',
    '{"__proto__":1,"__proto__":2}',
  ])('refuses %s for its duplicate key', (text) => {
    expect(codeOf(text)).toBe('DUPLICATE_JSON_KEY');
  });

  it('refuses what is not JSON, not UTF-8 or starts with a byte order mark', () => {
    for (const text of ['{', "{'a':1}", '{"a":1,}', 'NaN', ''])
      expect(codeOf(text)).toBe('VALIDATION_FAILED');
    expect(codeOf(Uint8Array.of(0x22, 0xff, 0x22))).toBe('VALIDATION_FAILED');
    expect(codeOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toBe('VALIDATION_FAILED');
  });

  it('takes 64 levels and refuses 65', () => {
    const nested = (n: number) => '['.repeat(n) + ']'.repeat(n);
    expect(codeOf(nested(64))).toBeUndefined();
    expect(codeOf(nested(65))).toBe('VALIDATION_FAILED');
    expect(codeOf(nested(100_000))).toBe('VALIDATION_FAILED');
  });

  it('reads a string of half a million characters', () => {
    const text = JSON.stringify({ a: 'x"\\'.repeat(200_000), b: 1 });
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it('quotes nothing of the text in its errors', () => {
    expect(() => parseStrictJson('{"patient": ZZCANARY}')).toThrow(/^(?!.*ZZCANARY)/);
  });
});
