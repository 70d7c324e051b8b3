import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, expect, test, vi } from 'vitest';
import { homeOption } from './home-option.ts';

const homeOf = (...flags: string[]): string =>
  new Command().addOption(homeOption()).parse(flags, { from: 'user' }).opts().home;

afterEach(() => vi.unstubAllEnvs());

test('the home is the flag’s, else the environment’s, else one of the user’s own', () => {
  for (const none of ['', undefined]) {
    vi.stubEnv('SYNSPINE_HOME', none);
    expect(homeOf()).toBe(join(homedir(), '.synspine'));
  }
  vi.stubEnv('SYNSPINE_HOME', '/srv/synspine');
  expect(homeOf()).toBe('/srv/synspine');
  expect(homeOf('--home', 'a')).toBe('a');
});
