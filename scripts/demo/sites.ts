import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Centre } from './centre.ts';
import type { SiteFilms } from './films.ts';
import { followRun } from './follow-run.ts';
import type { DemoOptions } from './options.ts';
import type { Programs } from './processes.ts';
import type { SiteSummary, Summary } from './summary.ts';

type Demo = { options: DemoOptions; programs: Programs; centre: Centre };
export type FinishedSite = { id: string; home: string; summary: Summary['sites'][number] };

/** A demonstration's: the demo's films are public or drawn, and its registry is on loopback. */
const POLICY = fileURLToPath(new URL('./policy.json', import.meta.url));

/** Small networks lose half of a second thread to waiting: sites side by side, one thread each, use all cores. */
const SITES_AT_ONCE = 3;
const THREADS = 1;

/** Lets every site do its part; a site whose run is rejected says so, and the others go on. */
export async function runSites(demo: Demo & { films: SiteFilms[] }): Promise<FinishedSite[]> {
  for (const { id } of demo.films) await enrol(demo, id); // first, so that the dashboard shows all from the start
  const waiting = [...demo.films.entries()];
  const finished: FinishedSite[] = [];
  const workThrough = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [position, films] = next;
      finished[position] = await runSite(demo, films);
    }
  };
  await Promise.all(Array.from({ length: SITES_AT_ONCE }, workThrough));
  return finished;
}

async function runSite(demo: Demo, films: SiteFilms): Promise<FinishedSite> {
  const { options, programs } = demo;
  const { home, logFile, summaryFile } = placesOf(options, films.id);
  mkdirSync(dirname(summaryFile), { recursive: true });
  const say = (line: string) => console.log(`${films.id}: ${line}`);
  if (!existsSync(summaryFile)) {
    say('reading films');
    const labels = join(films.folder, 'labels.csv');
    say(
      indent(
        await programs.run('site', ['ingest', films.folder, '--home', home, '--labels', labels], { logFile }),
      ),
    );
    const stop = followRun(films.id, home);
    const flags = [...runFlags(options), '--json', summaryFile];
    const results = ['rejected', 'undecided', 'nothing'] as const;
    const run = programs.run('site', ['run', '--home', home, ...flags], { logFile, results });
    const outcome = await run.finally(stop);
    say(indent(outcome));
  }
  const summary: SiteSummary = JSON.parse(readFileSync(summaryFile, 'utf8'));
  return { id: films.id, home, summary: { id: films.id, ...summary } };
}

function placesOf({ stateDir }: DemoOptions, id: string) {
  return {
    home: join(stateDir, 'sites', id),
    logFile: join(stateDir, 'logs', `${id}.log`),
    summaryFile: join(stateDir, 'summaries', `${id}.json`),
  };
}

async function enrol({ options, programs, centre }: Demo, id: string) {
  const { home, logFile } = placesOf(options, id);
  if (existsSync(join(home, 'site.json'))) return;
  const code = await centre.invite(id, id);
  await programs.run(
    'site',
    ['init', '--registry', centre.url, '--code', code, '--home', home, '--policy', POLICY],
    { logFile },
  );
}

/** `--quick` trains less than half of what the preset would. */
function runFlags(options: DemoOptions): string[] {
  const quick = options.quick ? ['--images-shown', '6000', '--synthetic-count', '400'] : [];
  const network = ['--preset', options.preset, '--labels', options.labels];
  return [...network, '--threads', String(THREADS), ...quick];
}

const indent = (out: string) => out.trim().split('\n').join('\n    ');
