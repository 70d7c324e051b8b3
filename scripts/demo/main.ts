import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCode } from '../../packages/protocol/src/index.ts';
import { scoreOnRealFilms } from './benchmark.ts';
import { openCentre } from './centre.ts';
import { findFilms } from './films.ts';
import { findCanary } from './leak-check.ts';
import { readOptions, UsageError } from './options.ts';
import { createPrograms, ProgramError } from './processes.ts';
import { runSites } from './sites.ts';
import { printSummary, type Summary } from './summary.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const startedAt = Number(process.env.SYNSPINE_DEMO_STARTED_AT ?? Date.now());

/** The main job, end to end: films → three sites → registry → benchmark → scores, each program run as its users do. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), root);
  if (options.fresh) rmSync(options.stateDir, { recursive: true, force: true });
  const programs = createPrograms(root);
  const stop = onSignal();
  try {
    const job = runDemo(options, programs).then(() => true);
    const isDone = await Promise.race([job, stop.then(() => false)]);
    if (isDone && !options.exit) await stop;
    if (!isDone) console.error('Stopped before it was done: the same command goes on from here.');
    return isDone ? 0 : exitCode('interrupted');
  } finally {
    await programs.stopAll();
  }
}

async function runDemo(options: ReturnType<typeof readOptions>, programs: ReturnType<typeof createPrograms>) {
  const films = await findFilms(options, programs);
  const centre = await openCentre(options, programs, root);
  console.log(`Dashboard: ${centre.dashboardLink}`);
  const sites = await runSites({ options, programs, centre, films });
  const benchmark = await scoreOnRealFilms({ options, programs, centre, sites });
  const summary: Summary = {
    sites: sites.map((s) => s.summary),
    benchmark,
    durationS: Math.round((Date.now() - startedAt) / 1000),
  };
  printSummary(summary);
  checkLeaks(
    options.stateDir,
    sites.map((s) => s.id),
  );
  if (options.json) writeFileSync(options.json, `${JSON.stringify(summary, null, 2)}\n`);
  console.log(
    `\nDone in ${summary.durationS} s.${options.exit ? '' : ` Dashboard: ${centre.dashboardLink} (Ctrl-C stops)`}`,
  );
}

/** Everything outside the sites' homes (what they sent, what the centre keeps, every log), and the sites' job queues. */
function checkLeaks(stateDir: string, siteIds: string[]) {
  const queues = siteIds.map((id) => `sites/${id}/postgres`);
  const { searched, found } = findCanary(
    ['registry', 'benchmark', 'logs', 'summaries', ...queues].map((d) => join(stateDir, d)),
  );
  if (found.length > 0)
    throw new ProgramError(`LEAK_FOUND: an identifying tag of a film is in ${found.join(', ')}`);
  console.log(
    `\nLeak check: the films' identifying tags were searched in ${searched} files of the registry, the benchmark, the job queues and every log: none found`,
  );
}

function onSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error instanceof UsageError || error instanceof ProgramError ? error.message : error);
    process.exit(exitCode(error instanceof UsageError ? 'usage' : 'failed'));
  },
);
