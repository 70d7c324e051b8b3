import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitCode } from '../../packages/protocol/src/index.ts';
import { describeReport } from './describe-report.ts';
import type { Proof, ProofReport } from './proof.ts';
import { runProof } from './run-proof.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const ENDING = '.proof.ts';
const names = readdirSync(here)
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length));

const USAGE = `npm run proof -- NAME [NAME …] [--quick] [--data DIR] [--state DIR]
  NAME         ${names.join(', ')}; all: every one
  --quick      the same code with small n; docs/results stays as it is
  --data DIR   real films, one folder a site, each with DICOM files and labels.csv
  --state DIR  where results are kept between runs (proof-data)`;

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, data: { type: 'string' }, state: { type: 'string' } },
    });
    const wanted = positionals.includes('all') ? names : positionals;
    const unknown = wanted.filter((name) => !names.includes(name));
    if (wanted.length === 0 || unknown.length > 0) throw new Error(`UNKNOWN_PROOF: ${unknown.join(', ')}`);
    return { ...values, wanted };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(exitCode('usage'));
  }
}

const options = readOptions();
const size = options.quick ? 'quick' : 'full';
let passed = 0;
let failed = 0;
for (const name of options.wanted) {
  const { proof } = (await import(`./${name}${ENDING}`)) as { proof: Proof };
  const folder = join(resolve(options.state ?? join(root, 'proof-data')), `${name}-${size}`);
  console.log(`${name} (${size}): ${proof.title}`);
  const films = options.data === undefined ? null : resolve(options.data);
  const say = (line: string) => console.log(`  ${line}`);
  const { commits, ...report } = await runProof(proof, { size, folder, films, say }, describeCommit());
  if (size === 'full') keepReport(name, proof, report, commits);
  for (const { text, measured, holds } of report.claims)
    console.log(`  ${holds ? 'holds' : 'FAILS'}: ${text}: ${measured}`);
  passed += report.claims.filter(({ holds }) => holds).length;
  failed += report.claims.filter(({ holds }) => !holds).length;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** The commit of this code, marked where files differ from it; `unknown` outside a checkout. */
function describeCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const isDirty = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${isDirty ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** A missed claim is kept, too: the report says what was found. */
function keepReport(name: string, proof: Proof, report: ProofReport, commits: string[]): void {
  const results = join(root, 'docs/results/proofs');
  const commit = commits.join(', ');
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim()})`;
  const provenance = { name, commit, machine, measuredAt: new Date().toISOString() };
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.md`), describeReport(proof, report, provenance));
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify({ ...provenance, ...report }, null, 2)}\n`);
}
