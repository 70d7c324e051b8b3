import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { appendLines } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import type { CatalogueFilm } from './catalogue.ts';
import type { Chosen } from './learning-heap.fixture.ts';

const temporaryFolder = useTemporaryFolders();

const FILMS = 100_000;
const HEAP_MB = 64; // the whole catalogue in memory takes more than 96
const BATCH = 10_000; // films written at once
const CHOSEN = 400; // of a view
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function describeFilm(number: number, view: 'AP' | 'LATERAL'): CatalogueFilm {
  const pixelSha256 = sha256(`film ${number}`);
  const patientKey = (number % 30_000).toString(16).padStart(32, '0');
  return {
    ...{ pixelSha256, fileSha256: pixelSha256, filmKey: pixelSha256.slice(32), patientKey },
    findings: ['No finding'],
    ...{ rows: 2000, columns: 1000, fit: 'squeeze', maskedBoxes: 0 },
    selection: { modality: 'DX', region: 'spine', regionRule: 'body-part', view, viewRule: 'view-position' },
  };
}

/** Every 50th film is corrected from frontal to lateral. Answers the films of each view. */
async function writeCatalogue(home: Home): Promise<Record<'AP' | 'LATERAL', string[]>> {
  const films = { AP: [] as string[], LATERAL: [] as string[] };
  for (let number = 0; number < FILMS; ) {
    const lines: CatalogueFilm[] = [];
    for (const end = number + BATCH; number < end; number++) {
      const isFrontal = number % 2 === 0;
      const isCorrected = number % 50 === 0;
      lines.push(describeFilm(number, isFrontal ? 'AP' : 'LATERAL'));
      if (isCorrected) lines.push(describeFilm(number, 'LATERAL'));
      films[isFrontal && !isCorrected ? 'AP' : 'LATERAL'].push(lines.at(-1)!.pixelSha256);
    }
    await appendLines(home.files.catalogue, lines);
  }
  return films;
}

/** Those that a look at all films would choose. */
const firstByRank = (films: readonly string[]) =>
  films
    .map((film) => ({ film, rank: sha256(film) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, CHOSEN)
    .map(({ film }) => film);

describe('what is learnt from a home of 100,000 films', () => {
  it(`is chosen from their last lines in a heap of ${HEAP_MB} MB`, async () => {
    const home = await openHome(await temporaryFolder(), { create: true });
    const films = await writeCatalogue(home);
    const child = fork(fileURLToPath(new URL('./learning-heap.fixture.ts', import.meta.url)), [home.path], {
      execArgv: [`--max-old-space-size=${HEAP_MB}`, '--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const ended = once(child, 'exit').then(([code, signal]) => [{ ended: [`${code ?? signal}`] }]);
    const [chosen] = (await Promise.race([once(child, 'message'), ended])) as [Chosen];
    const [frontal, lateral] = [firstByRank(films.AP), firstByRank(films.LATERAL)];
    expect(chosen).toEqual({
      ...{ 'look of frontal': frontal, 'look of lateral': lateral },
      views: [...frontal, ...lateral],
    });
  }, 180_000);
});
