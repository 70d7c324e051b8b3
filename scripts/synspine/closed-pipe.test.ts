import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

it.each([
  'scripts/synspine.mjs',
  'apps/site-agent/bin/synspine-site.mjs',
  'apps/registry/bin/synspine-registry.mjs',
  'apps/benchmark/bin/synspine-benchmark.mjs',
])(
  '%s ends as ever when nobody reads what it says',
  async (bin) => {
    const child = spawn(process.execPath, [root + bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy(); // as `| true` does
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += chunk));
    const exitCode = await new Promise((done) => child.once('close', done));
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
  },
  60_000,
);
