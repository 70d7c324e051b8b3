import { describe, expect, it } from 'vitest';
import { createRandom } from '../phantom/random.ts';
import { drawLettering, type Lettering, stamp } from './fixtures/draw-lettering.ts';
import { followLine } from './follow-line.ts';
import { type Box, type Picture, turnLeft } from './picture.ts';

const [ROWS, COLUMNS] = [200, 900];
const [LEFT, TOP] = [150, 80];

/** A film with a soft shadow and one line of text; where the text lies. */
async function letter(): Promise<{ film: Picture; line: Box }> {
  const shadow = (at: number) => 90 + 60 * Math.sin((at % COLUMNS) / 40);
  const film = {
    rows: ROWS,
    columns: COLUMNS,
    gray: Uint8Array.from({ length: ROWS * COLUMNS }, (_, at) => shadow(at)),
  };
  const lettering: Lettering = {
    ...{ text: 'VAN DER BERG MARGARET 12.03.1957', face: 'DejaVuSans', heightPx: 20, opacity: 1 },
    ...{ ink: 'light', turn: 0 },
  };
  const ink = await drawLettering(lettering);
  stamp(film, ink, lettering, LEFT, TOP);
  return { film, line: { left: LEFT, top: TOP, right: LEFT + ink.columns, bottom: TOP + ink.rows } };
}

const height = ({ top, bottom }: Box) => bottom - top;

describe('a line of text', () => {
  it('is followed from any part of it to both its ends, over the gaps between its words, and no further', async () => {
    const { film, line } = await letter();
    const middle = Math.round((line.left + line.right) / 2);
    for (const left of [line.left, middle, line.right - 40]) {
      const found = followLine(film, { ...line, left, right: left + 40 });
      expect(found).toMatchObject({ top: line.top, bottom: line.bottom });
      expect(found.left).toBeLessThanOrEqual(line.left + 2);
      expect(found.right).toBeGreaterThanOrEqual(line.right - 2);
      expect(found.left).toBeGreaterThan(line.left - 1.5 * height(line));
      expect(found.right).toBeLessThan(line.right + 1.5 * height(line));
    }
  });

  it('is followed where it stands upright', async () => {
    const { film, line } = await letter();
    const upright = {
      left: line.top,
      right: line.bottom,
      top: COLUMNS - line.right,
      bottom: COLUMNS - line.left,
    };
    const found = followLine(turnLeft(film), {
      ...upright,
      top: upright.top + 100,
      bottom: upright.top + 160,
    });
    expect(found.top).toBeLessThanOrEqual(upright.top + 2);
    expect(found.bottom).toBeGreaterThanOrEqual(upright.bottom - 2);
  });

  it('ends where nothing is but noise, however strong', () => {
    const random = createRandom('noise');
    for (const noise of [2, 4, 8, 16]) {
      const gray = Uint8Array.from({ length: ROWS * COLUMNS }, () => random.around(128, noise));
      const box = { left: 300, top: 80, right: 400, bottom: 104 };
      expect(followLine({ rows: ROWS, columns: COLUMNS, gray }, box)).toEqual(box);
    }
  });

  it('ends where nothing is but soft shadows, and at the edge of the film', async () => {
    const { film } = await letter();
    const beside = { left: 300, top: 20, right: 400, bottom: 40 };
    expect(followLine(film, beside)).toEqual(beside);
    const comb = { rows: 200, columns: 100, gray: new Uint8Array(200 * 100).fill(10) };
    for (let at = 80 * 100; at < 100 * 100; at += 4) comb.gray[at] = 250;
    const whole = { left: 0, top: 80, right: 100, bottom: 100 };
    expect(followLine(comb, { ...whole, left: 40, right: 70 })).toEqual(whole);
  });
});
