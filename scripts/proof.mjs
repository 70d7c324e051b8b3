import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup/set-up.mjs';

// Set-up comes first, in plain Node: the proofs are TypeScript and need the packages that set-up brings.
const code = await setUp();
if (code !== 0) process.exit(code);

const args = ['--import', 'tsx', join(root, 'scripts/proofs/main.ts'), ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (exitCode) => process.exit(exitCode ?? 1));
