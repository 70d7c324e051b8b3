import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { configSchema, readConfig } from './config.ts';

it('lists every setting in .env.example, and no other', async () => {
  const text = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
  const names = [...text.matchAll(/^(\w+)=/gm)].map((match) => match[1]);
  expect(names.sort()).toEqual(Object.keys(configSchema.shape).sort());
});

it('has a default for everything, and takes an empty value for none', () => {
  expect(readConfig({}).pollMs).toBe(60_000);
  const chosen = { SYNSPINE_BENCHMARK_ARCHITECTURE: 'densenet-121', SYNSPINE_BENCHMARK_RECIPE: 'paper' };
  expect(readConfig(chosen)).toMatchObject({ architecture: 'densenet-121', recipe: 'paper' });
  expect(readConfig({ SYNSPINE_THREADS: '' }).threads).toBeGreaterThan(0);
  expect(readConfig({ SYNSPINE_THREADS: '3' }).threads).toBe(3);
});

it('names a bad setting in one line, without its value', () => {
  const read = () => readConfig({ SYNSPINE_THREADS: 'secret' });
  expect(read).toThrow(/^CONFIG_INVALID: .*SYNSPINE_THREADS/);
  expect(read).not.toThrow(/secret/);
});
