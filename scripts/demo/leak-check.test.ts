import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findCanary } from './leak-check.ts';

it('finds the canary in either encoding, below links too, and counts what it searched', () => {
  const dir = mkdtempSync(join(tmpdir(), 'synspine-leak-'));
  mkdirSync(join(dir, 'elsewhere'));
  mkdirSync(join(dir, 'registry'));
  writeFileSync(join(dir, 'registry/clean'), 'counts only');
  writeFileSync(join(dir, 'registry/utf16'), Buffer.from('DOE^ZZCANARY', 'utf16le'));
  writeFileSync(join(dir, 'elsewhere/heap'), 'x ZZCANARY-1 y');
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'registry/postgres'));
  const { searched, found } = findCanary([join(dir, 'registry'), join(dir, 'missing')]);
  expect(searched).toBe(3);
  expect(found.map((f) => f.slice(dir.length)).sort()).toEqual([
    '/registry/postgres/heap',
    '/registry/utf16',
  ]);
});
