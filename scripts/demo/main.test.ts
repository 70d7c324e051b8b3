import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';

it('doesn’t end as if it were done when it is stopped before', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'synspine-demo-'));
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const args = ['--import', 'tsx', main, '--quick', '--exit', '--state', stateDir];
  const demo = spawn(process.execPath, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => demo.once('close', resolve));
  try {
    await vi.waitUntil(() => existsSync(join(stateDir, 'logs/alder.log')), 30_000); // its first site is at work
    demo.kill('SIGTERM');
    expect(await ended).toBe(130);
  } finally {
    demo.kill('SIGKILL');
    rmSync(stateDir, { recursive: true, force: true });
  }
});
