import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup/set-up.mjs';

/** Sets up, checks types and style, runs the suites named (vitest's projects, or `specs`), and ends with `N passed, N failed`. */
const suites = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const selected = suites.length ? suites : ['unit', 'specs'];
const projects = selected.filter((suite) => suite !== 'specs');

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
  const counts = [
    ...outcomes.map((code) => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })),
  ];
  if (projects.length > 0) counts.push(await vitest());
  if (selected.includes('specs')) counts.push(await specs());
  return counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }));
}

/** A crash of the runner itself counts too: it must never read as "0 failed". */
const withCrash = ({ passed, failed }, code) => ({ passed, failed: code !== 0 && failed === 0 ? 1 : failed });

/** tfjs-core's own specs on our backend. */
async function specs() {
  const child = spawn(join(root, 'node_modules/.bin/tsx'), ['packages/compute/spec/run-specs.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    process.stdout.write(data);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [0, 0, 0];
  return withCrash({ passed: Number(passed), failed: Number(failed) }, code ?? 1);
}

async function vitest() {
  const { mkdtemp, readFile, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const dir = await mkdtemp(join(tmpdir(), 'synspine-test-'));
  const report = join(dir, 'report.json');
  const code = await run('vitest', [
    'run',
    ...projects.flatMap((p) => ['--project', p]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const none = { numPassedTests: 0, numFailedTests: 0 };
  const counts = await readFile(report, 'utf8').then(JSON.parse, () => none);
  await rm(dir, { recursive: true });
  return withCrash({ passed: counts.numPassedTests, failed: counts.numFailedTests }, code);
}

const { passed, failed } = await main();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
