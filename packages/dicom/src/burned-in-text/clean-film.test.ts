import { beforeAll, describe, expect, it } from 'vitest';
import { renderPhantom } from '../phantom/render-phantom.ts';
import { cleanFilm, inspectText } from './clean-film.ts';
import { drawLettering, type Lettering, stamp } from './fixtures/draw-lettering.ts';
import { coverage, letterFilm, markFilm } from './fixtures/lettered-films.ts';
import { loadTextModels, type TextModels } from './models.ts';
import type { Picture } from './picture.ts';

const FILMS = 10;

/** A film takes half a second; a machine that runs other tests as well, several times that. */
const TIMEOUT_MS = 180_000;

let models: TextModels;
beforeAll(async () => {
  models = await loadTextModels();
});

function drawPhantom(seed: string, size = 800): Picture {
  const { rows, columns, pixels } = renderPhantom({ seed, finding: 'No finding', view: 'AP', size });
  return { rows, columns, gray: Uint8Array.from(pixels, (value) => Math.round(255 * value)) };
}

/** The phantom with one text in its upper left, and where the text ends. */
async function write(base: Picture, text: string, change: Partial<Lettering> = {}): Promise<Picture> {
  const lettering: Lettering = {
    ...{ text, face: 'DejaVuSans', heightPx: 16, opacity: 1, ink: 'plate', turn: 0 },
    ...change,
  };
  const film = { ...base, gray: base.gray.slice() };
  stamp(film, await drawLettering(lettering), lettering, 20, 24);
  return film;
}

const mask = { policy: 'mask', isSuspected: false } as const;

describe('text on films', { timeout: TIMEOUT_MS }, () => {
  it(`is found on ${FILMS} of ${FILMS} films with made-up names, dates and numbers`, async () => {
    const shares: number[] = [];
    for (let film = 0; film < FILMS; film++) {
      const lettered = await letterFilm(drawPhantom(`lettered ${film}`), `lettered ${film}`);
      const boxes = await inspectText(models, lettered);
      const texts = lettered.placed.filter(({ kind }) => kind !== 'marker');
      shares.push(Math.min(...texts.map((text) => coverage(text, boxes))));
    }
    expect(shares.filter((share) => share > 0.5)).toHaveLength(FILMS);
    expect(shares.filter((share) => share > 0.95).length).toBeGreaterThanOrEqual(FILMS - 2);
  });

  it(`raises at most one false alarm in ${FILMS} films with markers of side, projection and posture`, async () => {
    const alarms: number[] = [];
    for (let film = 0; film < FILMS; film++) {
      const marked = await markFilm(drawPhantom(`marked ${film}`), `marked ${film}`);
      if ((await inspectText(models, marked)).length > 0) alarms.push(film);
    }
    expect(alarms.length).toBeLessThanOrEqual(1);
  });

  it('is not seen in a spine, whose vertebrae a reader of text takes for a row of digits', async () => {
    for (let film = 0; film < FILMS; film++)
      expect(await inspectText(models, drawPhantom(`spine ${film}`))).toEqual([]);
  });

  it('is found on a film of many pixels, however small', async () => {
    const film = await write(drawPhantom('large', 2400), 'MRN 40551872', { heightPx: 9 });
    const boxes = await inspectText(models, film);
    expect(Math.min(...boxes.map(({ left }) => left))).toBeLessThan(25);
    expect(Math.max(...boxes.map(({ right }) => right))).toBeGreaterThan(100);
    expect(boxes.filter(({ bottom }) => bottom > 60)).toEqual([]);
  });
});

describe('cleanFilm', { timeout: TIMEOUT_MS }, () => {
  it('returns a film without text as it is', async () => {
    const film = drawPhantom('plain');
    const cleaned = (await cleanFilm(models, film, mask))!;
    expect(cleaned.maskedBoxes).toBe(0);
    expect(Buffer.compare(cleaned.gray, film.gray)).toBe(0);
  });

  it('paints over text, changes nothing else and finds no more', async () => {
    const base = drawPhantom('named');
    const cleaned = await cleanFilm(models, await write(base, 'DOE^JANE 1961-02-03'), mask);
    expect(cleaned!.maskedBoxes).toBeGreaterThanOrEqual(1);
    expect(await inspectText(models, cleaned!)).toEqual([]);
    const below = 100 * base.columns;
    const changed = cleaned!.gray.subarray(below).filter((value, at) => value !== base.gray[below + at]);
    expect(changed).toHaveLength(0);
  });

  it('refuses a film with text where the site wants that', async () => {
    const film = await write(drawPhantom('refused'), 'DOE^JANE');
    expect(await cleanFilm(models, film, { policy: 'refuse', isSuspected: false })).toBeNull();
  });

  it('keeps markers, but not where the film says that text was burned in', async () => {
    const film = await write(drawPhantom('erect'), 'ERECT', { heightPx: 24 });
    expect((await cleanFilm(models, film, mask))!.maskedBoxes).toBe(0);
    expect((await cleanFilm(models, film, { ...mask, isSuspected: true }))!.maskedBoxes).toBeGreaterThan(0);
  });
});

describe('pictures of any kind', { timeout: TIMEOUT_MS }, () => {
  const shapes = [
    ...[
      [1, 1],
      [3, 5],
      [128, 16_384],
      [16_384, 128],
      [2, 3_000],
      [199, 401],
    ],
  ] as const;
  const fills: Record<string, (at: number, columns: number) => number> = {
    flat: () => 7,
    noise: (at) => Math.imul(at + 1, 0x9e3779b1) >>> 24,
    grid: (at, columns) => ((at % columns) % 9 < 2 || Math.floor(at / columns) % 9 < 2 ? 255 : 0),
  };
  const kinds = shapes.flatMap((shape) => Object.keys(fills).map((fill) => [...shape, fill] as const));

  it.each(kinds)(
    'of %i · %i pixels, %s, are looked at, and boxes lie inside',
    async (rows, columns, fill) => {
      const gray = Uint8Array.from({ length: rows * columns }, (_, at) => fills[fill]!(at, columns));
      for (const box of await inspectText(models, { rows, columns, gray }, true)) {
        expect(Math.min(box.left, box.top, columns - box.right, rows - box.bottom)).toBeGreaterThanOrEqual(0);
        expect(Math.min(box.right - box.left, box.bottom - box.top)).toBeGreaterThan(0);
      }
    },
  );
});
