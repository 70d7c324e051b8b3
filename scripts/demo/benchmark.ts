import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchmarkCell, describeProgress } from '../../packages/protocol/src/index.ts';
import type { Centre } from './centre.ts';
import type { DemoOptions } from './options.ts';
import { ProgramError, type Programs } from './processes.ts';
import type { FinishedSite } from './sites.ts';

type Demo = { options: DemoOptions; programs: Programs; centre: Centre; sites: FinishedSite[] };

const WAIT_SECONDS = 600; // for the last site's answer, once all classifiers are trained

/** Trains on what the sites released, lets the sites score it on films that never leave them, and merges the counts. */
export async function scoreOnRealFilms({ options, programs, centre, sites }: Demo): Promise<BenchmarkCell[]> {
  if (!sites.some((s) => s.summary.release)) {
    console.log('benchmark: no site has released anything, so there is nothing to train on');
    return [];
  }
  const home = join(options.stateDir, 'benchmark');
  const logFile = join(options.stateDir, 'logs/benchmark.log');
  if (!existsSync(join(home, 'enrolment.json'))) {
    const code = await centre.invite('benchmark', 'Benchmark', 'benchmark');
    await programs.run('benchmark', ['enrol', '--registry', centre.url, '--code', code, '--home', home], {
      logFile,
    });
  }
  console.log('benchmark: looking into the releases, then training classifiers on those that are published');
  console.log('sites: scoring each classifier on sealed real films as soon as it is there');
  const answering = sites.map((site) => answerTasks(site, { options, programs }));
  await programs.run('benchmark', ['run', '--home', home, '--once', '--wait', String(WAIT_SECONDS)], {
    logFile,
    env: { SYNSPINE_BENCHMARK_POLL_SECONDS: '5' },
    results: ['nothing'],
  });
  await Promise.all(answering.map((stop) => stop()));
  await sayWhatIsHidden(centre);
  return (await centre.admin.call('getResults', {})).cells;
}

/** The site answers until it is told to stop: the benchmark's small networks leave a core idle. */
function answerTasks(
  { id, home }: FinishedSite,
  { options, programs }: Pick<Demo, 'options' | 'programs'>,
): () => Promise<void> {
  const args = ['evaluate-remote', '--home', home, '--threads', '1'];
  const logFile = join(options.stateDir, `logs/${id}.log`);
  const child = programs.start('site', args, { logFile });
  return async () => {
    if (child.exitCode !== null) throw new ProgramError(`${id} stopped answering; see ${logFile}`);
    await programs.stop(child);
  };
}

/** A release whose contents did not pass is seen by nobody but its site and the admin, who are told why. */
async function sayWhatIsHidden(centre: Centre): Promise<void> {
  const { sites, verifier } = await centre.admin.call('listSites', {});
  for (const { id, pending } of sites)
    if (pending && verifier) console.log(`${id}: ${describeProgress(pending, verifier)}`);
}
