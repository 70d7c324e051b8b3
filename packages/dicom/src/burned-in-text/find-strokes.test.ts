import { describe, expect, it } from 'vitest';
import { renderPhantom } from '../phantom/render-phantom.ts';
import { findRegions, findStrokes } from './find-strokes.ts';
import { drawLettering, type Lettering, stamp } from './fixtures/draw-lettering.ts';
import { type Box, halve, type Picture } from './picture.ts';

const REGION_PX_MAX = 200_000;

function drawPhantom(size: number): Picture {
  const { rows, columns, pixels } = renderPhantom({
    ...{ seed: 'strokes', finding: 'No finding', view: 'AP', size },
  });
  return { rows, columns, gray: Uint8Array.from(pixels, (value) => Math.round(255 * value)) };
}

/** The phantom with a date of that height, its upper left at 40, 60, and the box of its ink. */
async function write(base: Picture, heightPx: number, turn = 0): Promise<{ film: Picture; ink: Box }> {
  const lettering: Lettering = {
    ...{ text: '14.07.1961', face: 'DejaVuSans', heightPx, opacity: 1, ink: 'light', turn },
  };
  const film = { ...base, gray: base.gray.slice() };
  const letters = await drawLettering(lettering);
  stamp(film, letters, lettering, 40, 60);
  const { rows, columns } = letters;
  return { film, ink: { left: 40, top: 60, right: 40 + columns, bottom: 60 + rows } };
}

const holds = (region: Box, { left, top, right, bottom }: Box) =>
  region.left <= left && region.top <= top && region.right >= right && region.bottom >= bottom;

const area = ({ left, top, right, bottom }: Box) => (right - left) * (bottom - top);

describe('strokes', () => {
  it.each([
    [8, 0],
    [12, 0],
    [18, 0],
    [12, 90],
  ])(
    'of letters %i pixels high, turned by %i°, lie in one region, which is little of the film',
    async (height, turn) => {
      const { film, ink } = await write(drawPhantom(800), height, turn);
      const regions = findRegions(film, findStrokes(film, 'film'));
      expect(regions.some((region) => holds(region, ink))).toBe(true);
      const seen = regions.reduce((sum, region) => sum + area(region), 0);
      expect(seen).toBeLessThan(0.15 * film.rows * film.columns);
    },
  );

  it('of letters 36 pixels high are thin where the film is halved', async () => {
    const { film, ink } = await write(drawPhantom(800), 36);
    const half = halve(film);
    const halved = { left: ink.left / 2, top: ink.top / 2, right: ink.right / 2, bottom: ink.bottom / 2 };
    expect(findRegions(half, findStrokes(half, 'halved')).some((region) => holds(region, halved))).toBe(true);
  });

  it('are not in a phantom without text', () => {
    expect(findStrokes(drawPhantom(800), 'film')).toEqual([]);
  });

  it('that fill a picture make regions of bounded size, which leave out nothing', () => {
    const side = 1500;
    const gray = Uint8Array.from({ length: side * side }, (_, at) =>
      (at % side) % 20 < 2 || Math.floor(at / side) % 20 < 2 ? 200 : 0,
    );
    const picture = { rows: side, columns: side, gray };
    const regions = findRegions(picture, findStrokes(picture, 'film'));
    expect(Math.max(...regions.map(area))).toBeLessThanOrEqual(REGION_PX_MAX);
    for (let at = 0; at < side * side; at += 997) {
      const pixel = {
        left: at % side,
        top: Math.floor(at / side),
        right: (at % side) + 1,
        bottom: Math.floor(at / side) + 1,
      };
      expect(regions.some((region) => holds(region, pixel))).toBe(true);
    }
  });
});
