import { readFileSync } from 'node:fs';
import { ProblemError } from '@synspine/protocol';
import { expect, it } from 'vitest';
import { describeFailure } from './describe-failure.ts';
import { main } from './main.ts';

const coded = (code: string) => Object.assign(new Error('postgres://user:ZZCANARY@host'), { code });

it.each([
  ['ECONNREFUSED', 75],
  ['28P01', 78],
  ['EADDRINUSE', 78],
  ['E_WHATEVER', 1],
])('ends with the exit code of %s, and keeps what the error quotes to itself', (code, exitCode) => {
  const failure = describeFailure(coded(code));
  expect(failure.exitCode).toBe(exitCode);
  expect(failure.text).not.toContain('ZZCANARY');
  expect(failure.text).toMatch(/\.$/);
});

it('names the code of what a demonstration left behind, as the admins’ guide does', () => {
  const { text, exitCode } = describeFailure(coded('DEMONSTRATIONS_HELD'));
  expect(text).toMatch(/^DEMONSTRATIONS_HELD: .*empty database/);
  expect(exitCode).toBe(78);
  const guide = readFileSync(new URL('../../../docs/admins/README.md', import.meta.url), 'utf8');
  expect(guide).toContain('`DEMONSTRATIONS_HELD`, exit 78');
});

it('calls a problem by its own exit code', () => {
  expect(describeFailure(new ProblemError('STORE_UNAVAILABLE')).exitCode).toBe(75);
});

it('tells a wrong call from a failure', async () => {
  const write = process.stderr.write;
  process.stderr.write = () => true; // commander's own words
  const error = await main(['grant', '--role', 'nobody']).catch((thrown: unknown) => thrown);
  process.stderr.write = write;
  expect(describeFailure(error).exitCode).toBe(64);
  expect(describeFailure(error).text).toContain('--help');
});
