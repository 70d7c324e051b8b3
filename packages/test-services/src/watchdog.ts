import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new temporary folder that any account may enter (PostgreSQL runs as `nobody` under root). */
export function temporaryDir(name: string): string {
  return mkdtempSync(join(tmpdir(), `synspine-test-${name}-`));
}

/**
 * Runs a shell script once this process has ended, however it ended: the shell waits on a pipe that only we hold open.
 * Test runners kill their workers, so exit handlers alone would leave servers behind.
 */
export function runAfterDeath(script: string, args: string[] = []): void {
  const shell = spawn('sh', ['-c', `cat >/dev/null; ${script}`, 'sh', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
}
