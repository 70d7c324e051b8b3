import { type Finding, renderPhantom, type SquareFilm, toTrainingImage, type View } from '@synspine/dicom';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../../home.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openCatalogue } from '../catalogue.ts';
import { MASTER_SIZE, saveMaster } from '../master-image.ts';
import type { ReadFile } from '../read-ahead.ts';
import { judgeReads } from './judge-reads.ts';
import { type LookJudge, learnLook, type NewFilm, type SeenFilm } from './learn-look.ts';

const makeFolder = useTemporaryFolders();
const PATIENTS = 40;
const FINDINGS: Finding[] = ['No finding', 'Osteophytes', 'Surgical implant', 'Spondylolisthesis'];

const drawn = new Map<string, Promise<Uint8Array>>(); // the tests below share their films

function drawSquare(number: number, view: View): Promise<Uint8Array> {
  const name = `${number}/${view}`;
  if (!drawn.has(name)) drawn.set(name, renderSquare(number, view));
  return drawn.get(name)!;
}

async function renderSquare(number: number, view: View): Promise<Uint8Array> {
  const finding = FINDINGS[number % FINDINGS.length]!;
  const seeds = { seed: `${number}/${view}`, patientSeed: `p${number}` };
  const { rows, columns, pixels } = renderPhantom({ ...seeds, finding, size: 160, view });
  const gray = Uint8Array.from(pixels, (value) => Math.round(value * 255));
  return toTrainingImage({ rows, columns, pixels: gray }, { size: MASTER_SIZE, fit: 'squeeze' });
}

const TOLD = { region: 'spine', view: 'AP', viewRule: 'view-position' } as const;
const SILENT = { region: 'unknown', view: 'unknown', viewRule: null } as const;

async function makeHome(views: readonly View[], patients: number): Promise<Home> {
  const home = await openHome(await makeFolder(), { create: true });
  const catalogue = await openCatalogue(home);
  for (let i = 0; i < patients; i++)
    for (const [n, view] of views.entries()) {
      const pixelSha256 = (2 * i + n).toString(16).padStart(13, '0').padEnd(64, '0');
      await saveMaster(home, { pixelSha256, square: await drawSquare(i, view) });
      catalogue.add({
        ...{ pixelSha256, patientKey: `p${i}`, filmKey: pixelSha256, fileSha256: pixelSha256 },
        ...{ findings: ['No finding'], rows: 160, columns: 90, fit: 'squeeze' },
        selection: {
          ...{ modality: 'DX', ...TOLD, regionRule: 'body-part' },
          view: view === 'AP' ? 'AP' : 'LATERAL',
        },
      });
    }
  await catalogue.save();
  return home;
}

/** 0 ≤ x, y < MASTER_SIZE → gray. */
const paint = (gray: (x: number, y: number) => number) =>
  Uint8Array.from({ length: MASTER_SIZE ** 2 }, (_, at) =>
    Math.min(255, Math.max(0, Math.round(gray(at % MASTER_SIZE, Math.floor(at / MASTER_SIZE))))),
  );
const hash = (x: number, y: number) => (((x * 2_654_435_761) ^ (y * 2_246_822_519)) >>> 7) % 256;
const change = (square: Uint8Array, from: (x: number, y: number) => [number, number]) =>
  paint((x, y) => {
    const [column, row] = from(x, y);
    return square[row * MASTER_SIZE + column]!;
  });
const fingers = (x: number, y: number) => (y > 150 ? Math.abs(x - 128) < 70 : Math.abs((x % 50) - 25) < 9);
const OTHERS: Record<string, (film: Uint8Array) => Uint8Array> = {
  noise: () => paint(hash),
  'gray all over': () => paint(() => 128),
  'a ramp': () => paint((x) => x),
  'a disc': () => paint((x, y) => ((x - 128) ** 2 + (y - 128) ** 2 < 80 ** 2 ? 200 : 30)),
  'a page of text': () => paint((x, y) => (y % 12 < 6 && hash(x >> 1, y >> 1) > 128 ? 0 : 255)),
  'something like a hand': () => paint((x, y) => (fingers(x, y) ? 170 + (hash(x, y) >> 4) : 10)),
  'a film on its side': (film) => change(film, (x, y) => [y, x]),
  'an inverted film': (film) => film.map((value) => 255 - value),
  'half of a film': (film) => film.map((value, at) => (at < film.length / 2 ? value : 0)),
};

describe('the look of a site’s films', () => {
  let home: Home;
  let look: LookJudge;
  beforeAll(async () => {
    home = await makeHome(['AP', 'LAT'], PATIENTS);
    look = await learnLook(home);
  });

  it('is that of other patients’ films, whatever they have and whatever their tags say', async () => {
    const answers: string[] = [];
    for (let i = 100; i < 150; i++)
      for (const view of ['AP', 'LAT'] as const) {
        const square = await drawSquare(i, view);
        answers.push(look.judge({ square, ...(i % 2 ? TOLD : SILENT) }));
      }
    expect(answers.filter((answer) => answer === 'like').length).toBeGreaterThanOrEqual(98);
  });

  it.each(Object.keys(OTHERS))('is not that of %s, though its tags say so', async (name) => {
    for (let i = 100; i < 110; i++) {
      const square = OTHERS[name]!(await drawSquare(i, 'AP'));
      expect(look.judge({ square, ...TOLD })).toBe('unlike');
      expect(look.judge({ square, ...SILENT })).toBe('unlike');
    }
  });

  it('says nothing about other parts of the body, which a site has asked for', async () => {
    const square = OTHERS['a disc']!(new Uint8Array());
    expect(look.judge({ square, ...SILENT, region: 'other' })).toBe('untold');
  });
});

describe('where there are too few films', () => {
  it('nothing can be said', async () => {
    const look = await learnLook(await makeHome(['AP'], PATIENTS - 1));
    const square = OTHERS['a disc']!(new Uint8Array());
    expect(look).toMatchObject({ isLearnt: false });
    expect(look.judge({ square, ...TOLD })).toBe('untold');
    expect(look.judge({ square: OTHERS.noise!(square), ...TOLD })).toBe('untold');
  });

  it('of a view, its films are not measured by another view', async () => {
    const look = await learnLook(await makeHome(['AP'], PATIENTS));
    const square = OTHERS['a disc']!(new Uint8Array()); // as far from frontal films as any view could be
    expect(look.judge({ square, ...TOLD, view: 'LATERAL' })).toBe('untold');
    expect(look.judge({ square: OTHERS.noise!(square), ...TOLD, view: 'LATERAL' })).toBe('unlike');
    expect(look.judge({ square, ...SILENT, region: 'spine' })).toBe('untold');
    expect(look.judge({ square, ...SILENT })).toBe('unlike'); // neither tags nor pixels speak for the spine
  });

  it('the first films wait, and are judged by each other', async () => {
    const empty = await makeHome([], 0);
    const readings: ReadFile[] = [];
    for (let i = 0; i < 50; i++) {
      const film = await drawSquare(i, 'AP');
      readings.push(readingOf(i, i % 10 === 3 ? OTHERS['a film on its side']!(film) : film));
    }
    const looks: (string | undefined)[] = [];
    const learn = (more: readonly NewFilm[] = []) => learnLook(empty, more);
    for await (const read of judgeReads(stream(readings), learn, ({ patientId }) => patientId!))
      looks.push('look' in read ? read.look : undefined);
    expect(looks).toEqual(readings.map((_, i) => (i % 10 === 3 ? 'unlike' : 'like')));
  });
});

function readingOf(number: number, square: Uint8Array): ReadFile {
  const seen: SeenFilm = { square, ...TOLD };
  const film = { ok: true, ...seen, patientId: `p${number}`, pixelSha256: `${number}` } as SquareFilm;
  return { source: { file: `${number}` }, fileSha256: `${number}`, film };
}

async function* stream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
