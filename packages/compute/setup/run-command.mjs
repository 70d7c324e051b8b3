import { spawn } from 'node:child_process';

/**
 * Runs a command to its end. Resolves to its exit code (127 when it isn't installed) and what it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ exitCode: number, output: string }>}
 */
export function runCommand(command, args, { env = {}, onLine = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let rest = '';
    const take = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk).slice(-20_000);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT')
        resolve({ exitCode: 127, output: '' });
      else reject(error);
    });
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }));
  });
}
