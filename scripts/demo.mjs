import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup/set-up.mjs';

// Set-up comes first, in plain Node: the rest of the demo is TypeScript and needs the packages that set-up brings.
const startedAt = Date.now();
const code = await setUp();
if (code !== 0) process.exit(code);

const child = spawn(
  process.execPath,
  ['--import', 'tsx', join(root, 'scripts/demo/main.ts'), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SYNSPINE_DEMO_STARTED_AT: String(startedAt) },
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (exitCode) => process.exit(exitCode ?? 1));
