import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchmarkCell, describeProgress } from '../../packages/protocol/src/index.ts';
import type { Centre } from './centre.ts';
import type { DemoOptions } from './options.ts';
import type { Programs } from './processes.ts';
import type { FinishedSite } from './sites.ts';

type Demo = { options: DemoOptions; programs: Programs; centre: Centre; sites: FinishedSite[] };

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
  await programs.run('benchmark', ['run', '--home', home, '--once'], { logFile, results: ['nothing'] });
  await sayWhatIsHidden(centre);
  console.log('sites: scoring the classifiers on sealed real films');
  await Promise.all(
    sites.map(({ id, home: siteHome }) =>
      programs.run('site', ['evaluate-remote', '--home', siteHome, '--once', '--threads', '1'], {
        logFile: join(options.stateDir, `logs/${id}.log`),
      }),
    ),
  );
  await programs.run('benchmark', ['run', '--home', home, '--once'], { logFile, results: ['nothing'] });
  return (await centre.admin.call('getResults', {})).cells;
}

/** A release whose contents did not pass is seen by nobody but its site and the admin, who are told why. */
async function sayWhatIsHidden(centre: Centre): Promise<void> {
  const { sites, verifier } = await centre.admin.call('listSites', {});
  for (const { id, pending } of sites)
    if (pending && verifier) console.log(`${id}: ${describeProgress(pending, verifier)}`);
}
