import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensurePydicom } from '../../packages/dicom/pydicom/ensure-pydicom.mjs';
import { writePhantomSite } from '../../packages/dicom/src/index.ts';
import type { Contender } from '../contender.ts';
import { cpuSeconds } from '../cpu-meter.ts';
import { createIngestJobs, type FilmSet, type IngestJobs } from '../jobs.ts';
import type { Versions } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { type Summary, summarize } from '../statistics.ts';

const COUNTS = { small: 24, large: 4 };
const differenceMax = 4; // mean of 255 levels: the middle square is cut half a pixel beside Pillow's, and there it makes .4

export type IngestRow = Pick<FilmSet, 'kind' | 'syntax' | 'films' | 'megapixels' | 'bytes'> & {
  /** Films a second of wall time, and seconds of all cores for a film. */
  sides: Record<string, { filmsPerS: Summary; cpuSPerFilm: Summary }>;
  /** Theirs divided by ours, of each round: our reading alone, and with the search for burned-in text, which theirs lacks. */
  reading: Ratios;
  whole: Ratios;
  /** Largest mean difference of a film's two squares, of 255 levels. */
  difference: number;
};

type Ratios = { wall: Summary; cpu: Summary };

type Round = { wallS: number; cpuS: number };

/** Reads the same films in each transfer syntax with our reader and with pydicom and Pillow, round by round. */
export async function compareIngest(
  options: BenchOptions,
  versions: Versions,
  onRow: (row: IngestRow) => void,
): Promise<IngestRow[]> {
  const jobs = createIngestJobs({ ...options, python: await ensurePydicom() });
  const contenders: Contender[] = [];
  try {
    const films = options.films ?? (await drawFilms(jobs.path('phantoms')));
    const sets = await jobs.encode(films, COUNTS);
    contenders.push(
      await jobs.ours('reading', false),
      await jobs.ours('whole ingest', true),
      await jobs.pydicom(),
    );
    const rows: IngestRow[] = [];
    for (const set of sets) {
      const row = await compareSet(set, contenders, jobs, options.rounds);
      onRow(row);
      rows.push(row);
    }
    const figures = contenders.map((contender) => contender.ask<{ versions: Versions }>('figures'));
    for (const { versions: own } of await Promise.all(figures)) Object.assign(versions, own);
    return rows;
  } finally {
    for (const contender of contenders) await contender.close();
    jobs.remove();
  }
}

/** Films for whoever has none at hand. */
async function drawFilms(folder: string): Promise<string> {
  await writePhantomSite(folder, {
    site: 'bench',
    patients: 8,
    seed: 'bench',
    size: 1024,
    abnormalShare: 0.5,
  });
  return join(folder, 'dicom');
}

async function compareSet(
  set: FilmSet,
  contenders: Contender[],
  jobs: IngestJobs,
  rounds: number,
): Promise<IngestRow> {
  const sides = contenders.map((contender) => ({
    contender,
    out: jobs.path(`${contender.name} ${basename(set.folder)}`),
    rounds: [] as Round[],
  }));
  for (const { contender, out } of sides) {
    mkdirSync(out);
    await takeRound(contender, set, out); // compiles, loads models and fills caches
  }
  for (let round = 0; round < rounds; round++)
    for (const side of round % 2 ? sides.toReversed() : sides)
      side.rounds.push(await takeRound(side.contender, set, side.out));
  const [reading, whole, theirs] = sides;
  const { kind, syntax, films, megapixels, bytes } = set;
  return {
    ...{ kind, syntax, films, megapixels, bytes },
    sides: Object.fromEntries(sides.map(({ contender, rounds }) => [contender.name, sumUp(rounds, films)])),
    reading: compareRounds(reading!.rounds, theirs!.rounds),
    whole: compareRounds(whole!.rounds, theirs!.rounds),
    difference: await compareSquares(theirs!.contender, [reading!.out, theirs!.out]),
  };
}

function sumUp(rounds: readonly Round[], films: number) {
  return {
    filmsPerS: summarize(rounds.map(({ wallS }) => films / wallS)),
    cpuSPerFilm: summarize(rounds.map(({ cpuS }) => cpuS / films)),
  };
}

function compareRounds(ours: readonly Round[], theirs: readonly Round[]): Ratios {
  const ratio = (of: keyof Round) => summarize(ours.map((own, i) => theirs[i]![of] / own[of]));
  return { wall: ratio('wallS'), cpu: ratio('cpuS') };
}

async function takeRound(contender: Contender, set: FilmSet, out: string): Promise<Round> {
  const paths = readdirSync(set.folder).map((name) => join(set.folder, name));
  const before = cpuSeconds(contender.pid);
  const { seconds } = await contender.ask<{ seconds: number }>('ingest', { paths, out });
  return { wallS: seconds, cpuS: cpuSeconds(contender.pid) - before };
}

/** Errors: when two squares of a film are not the same picture. */
async function compareSquares(contender: Contender, folders: [string, string]): Promise<number> {
  const { worst } = await contender.ask<{ worst: number }>('compare', { folders });
  if (worst > differenceMax) throw new Error(`The squares of a film differ by ${worst.toFixed(1)} levels.`);
  return worst;
}
