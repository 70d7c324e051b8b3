import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { drawLettering, type Lettering, stamp } from './burned-in-text/fixtures/draw-lettering.ts';
import { loadTextModels, type TextModels } from './burned-in-text/models.ts';
import { filmElements } from './fixtures/film-elements.ts';
import { renderPhantom } from './phantom/render-phantom.ts';
import { readSquareFilm } from './read-square-film.ts';
import { writeDicom } from './write/write-dicom.ts';

const TIMEOUT_MS = 120_000; // two readings, on a machine that runs other tests as well
const image = { size: 64, fit: 'squeeze' } as const;
let models: TextModels;
let bytes: Uint8Array;
let pixelSha256: string;

beforeAll(async () => {
  models = await loadTextModels();
  const { rows, columns, pixels } = renderPhantom({
    seed: 'named',
    finding: 'No finding',
    view: 'AP',
    size: 800,
  });
  const gray = Uint8Array.from(pixels, (value) => Math.round(255 * value));
  const lettering: Lettering = {
    ...{ text: 'DOE^JANE 1961-02-03', face: 'DejaVuSans', heightPx: 16 },
    ...{ opacity: 1, ink: 'plate', turn: 0 },
  };
  stamp({ rows, columns, gray }, await drawLettering(lettering), lettering, 20, 24);
  pixelSha256 = createHash('sha256').update(gray).digest('hex');
  const depth = { bitsAllocated: 8, bitsStored: 8 };
  bytes = writeDicom(filmElements({ rows, columns, ...depth, pixelData: gray }));
});

it('paints over text before the film is square, and hashes the film as it came', {
  timeout: TIMEOUT_MS,
}, async () => {
  const film = await readSquareFilm(bytes, { image }, models);
  expect(film).toMatchObject({ ok: true, pixelSha256 });
  expect(film.ok && film.maskedBoxes).toBeGreaterThan(0);
  expect(film.ok && film.square).toHaveLength(64 ** 2);
});

it('refuses a film with text where the site wants that, and says which', {
  timeout: TIMEOUT_MS,
}, async () => {
  expect(await readSquareFilm(bytes, { image, burnedInText: 'refuse' }, models)).toMatchObject({
    ...{ ok: false, code: 'BURNED_IN_TEXT', stage: 'select' },
    facts: { pixelSha256, rows: 800 },
  });
});
