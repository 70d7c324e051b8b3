import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

it.each([
  ['apps/site-agent/bin/synspine-site.mjs', ['re'], 'receive'],
  ['apps/site-agent/bin/synspine-site.mjs', ['run', '--pre'], '--preset'],
  ['apps/site-agent/bin/synspine-site.mjs', ['policy', 'i'], 'init'],
  ['apps/registry/bin/synspine-registry.mjs', ['invite', '--k'], '--kind'],
  ['apps/benchmark/bin/synspine-benchmark.mjs', ['run', '--o'], '--once'],
])(
  '%s completes %j',
  async (bin, words, expected) => {
    const { stdout } = await run(process.execPath, [root + bin, 'complete', '--', ...words]);
    const offered = stdout.split('\n').map((line) => line.split('\t')[0]);
    expect(offered).toContain(expected);
    expect(
      offered.filter((word) => word && !word.startsWith(words.at(-1)!) && !word.startsWith(':')),
    ).toEqual([]);
  },
  60_000,
);

it('the script for bash is one that bash reads', async () => {
  const site = `${root}apps/site-agent/bin/synspine-site.mjs`;
  const { stdout } = await run(process.execPath, [site, 'complete', 'bash']);
  execFileSync('bash', ['-n'], { input: stdout });
  expect(stdout).toContain('complete -F __synspine_site_complete synspine-site');
}, 60_000);
