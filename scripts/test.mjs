import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup/set-up.mjs';

/** Sets up, checks types and style, runs the tests of a vitest project, and ends with `N passed, N failed`. */
const projects = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const selected = projects.length ? projects : ['unit'];

const run = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules/.bin', command), args, { cwd: root, stdio: 'inherit' });
    child.on('close', (code) => resolve(code ?? 1));
  });

async function checks() {
  const outcomes = [];
  outcomes.push(await run('biome', ['check', '.']));
  outcomes.push(await run('tsc', ['--noEmit']));
  outcomes.push(await run('turbo', ['boundaries']));
  outcomes.push(await run('knip', []));
  return outcomes;
}

async function main() {
  const setupCode = await setUp();
  if (setupCode !== 0) return { passed: 0, failed: 1 };
  const outcomes = selected.includes('unit') ? await checks() : [];
  const { counts, code } = await vitest();
  const failedChecks = outcomes.filter((c) => c !== 0).length;
  const passed = counts.numPassedTests + outcomes.length - failedChecks;
  // a crash of the runner itself counts too: it must never read as "0 failed"
  const failed = counts.numFailedTests + failedChecks + (code !== 0 && counts.numFailedTests === 0 ? 1 : 0);
  return { passed, failed };
}

async function vitest() {
  const { mkdtemp, readFile, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const dir = await mkdtemp(join(tmpdir(), 'synspine-test-'));
  const report = join(dir, 'report.json');
  const code = await run('vitest', [
    'run',
    ...selected.flatMap((p) => ['--project', p]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const none = { numPassedTests: 0, numFailedTests: 0 };
  const counts = await readFile(report, 'utf8').then(JSON.parse, () => none);
  await rm(dir, { recursive: true });
  return { counts, code };
}

const { passed, failed } = await main();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
