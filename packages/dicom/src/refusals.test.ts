import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REFUSALS } from './refusals.ts';

const folder = import.meta.dirname;
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const read = (wanted: (name: string) => boolean) =>
  sources
    .filter(wanted)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
const isTest = (name: string) => name.endsWith('.test.ts');
const code = read((name) => !isTest(name) && name !== 'refusals.ts');
const tests = read((name) => isTest(name) && name !== 'refusals.test.ts');

it.each(Object.keys(REFUSALS))('%s can happen, is tested, and says what it means and what to do', (name) => {
  expect(code).toContain(`'${name}'`);
  expect(tests).toContain(`'${name}'`);
  const [meaning, ...steps] = REFUSALS[name as keyof typeof REFUSALS].split(/(?<=[.;]) /);
  expect(meaning).toMatch(/^[A-Z]/);
  expect(steps.join(' ')).toMatch(/\w.*\.$/);
});
