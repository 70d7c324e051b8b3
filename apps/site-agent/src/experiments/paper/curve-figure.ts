import type { CurveRow } from './auc-rows.ts';
import type { Interval } from './interval.ts';
import type { PaperResults } from './results.ts';

const PANEL = { width: 340, height: 240, left: 46, right: 12, top: 30, bottom: 44 } as const;
const COLOURS = { gan: '#b35900', spinegan: '#1f5fa8', real: '#555555' } as const;
const AUC_STEP = 0.05;

type Axis = { from: number; to: number };

/**
 * AUC against images shown as an SVG, one panel a test set: both generators with 95 % intervals, and a band for classifiers
 * on real films. Only numbers of `paper.json` go in.
 */
export function drawCurves({ auc, curve }: PaperResults, dataset: string): string {
  const points = curve.filter(({ trainedOn }) => trainedOn === dataset);
  const tests = [...new Set(points.map(({ test }) => test))];
  const panels = tests.map((test, column) => {
    const real = auc.find((row) => row.trainedOn === dataset && row.test === test && row.method === 'real')!;
    const here = points.filter((row) => row.test === test);
    return drawPanel(column * PANEL.width, `tested on ${test} (${real.films} films)`, here, real.auc);
  });
  const [width, height] = [Math.max(1, tests.length) * PANEL.width, PANEL.height];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    '<title>AUC against the images that the generators were shown</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function drawPanel(x: number, title: string, points: readonly CurveRow[], real: Interval): string {
  const axis = axisOf([...points.map(({ auc }) => auc), real]);
  const images = points.map(({ imagesShown }) => imagesShown);
  const span: Axis = { from: Math.log2(Math.min(...images)), to: Math.log2(Math.max(...images)) };
  const toX = (count: number) => {
    const share = span.to > span.from ? (Math.log2(count) - span.from) / (span.to - span.from) : 0.5;
    return PANEL.left + 10 + share * (PANEL.width - PANEL.left - PANEL.right - 20);
  };
  const toY = (value: number) => {
    const inner = PANEL.height - PANEL.top - PANEL.bottom;
    return PANEL.top + inner * (1 - (value - axis.from) / (axis.to - axis.from));
  };
  return [
    `<g transform="translate(${x} 0)">`,
    `<text x="${PANEL.left}" y="16" font-weight="bold">${title}</text>`,
    ...drawAucAxis(axis, toY),
    ...[...new Set(images)].map(
      (count) => `<text x="${px(toX(count))}" y="${PANEL.height - 28}" text-anchor="middle">${count}</text>`,
    ),
    `<text x="${PANEL.left}" y="${PANEL.height - 10}">images shown; 95 % intervals; ${key()}</text>`,
    drawReal(real, toY),
    drawSeries(
      points.filter(({ method }) => method === 'gan'),
      COLOURS.gan,
      -3,
      toX,
      toY,
    ),
    drawSeries(
      points.filter(({ method }) => method === 'spinegan'),
      COLOURS.spinegan,
      3,
      toX,
      toY,
    ),
    '</g>',
  ].join('\n');
}

const key = () =>
  Object.entries(COLOURS)
    .map(([name, colour]) => `<tspan fill="${colour}" font-weight="bold">${name}</tspan>`)
    .join(' ');

function axisOf(intervals: readonly Interval[]): Axis {
  const low = Math.min(...intervals.map(({ ciLow }) => ciLow));
  const high = Math.max(...intervals.map(({ ciHigh }) => ciHigh));
  const from = Math.floor(low / AUC_STEP) * AUC_STEP;
  return { from, to: Math.max(from + AUC_STEP, Math.ceil(high / AUC_STEP) * AUC_STEP) };
}

function drawAucAxis({ from, to }: Axis, toY: (value: number) => number): string[] {
  const count = Math.round((to - from) / AUC_STEP);
  const every = Math.ceil(count / 5);
  const ticks = Array.from({ length: Math.floor(count / every) + 1 }, (_, i) => from + i * every * AUC_STEP);
  return ticks.flatMap((value) => [
    `<line x1="${PANEL.left}" x2="${PANEL.width - PANEL.right}" y1="${px(toY(value))}" y2="${px(toY(value))}" stroke="#dddddd"/>`,
    `<text x="${PANEL.left - 6}" y="${px(toY(value) + 4)}" text-anchor="end">${value.toFixed(2)}</text>`,
  ]);
}

function drawReal({ value, ciLow, ciHigh }: Interval, toY: (value: number) => number): string {
  const width = PANEL.width - PANEL.left - PANEL.right;
  const [top, bottom] = [toY(ciHigh), toY(ciLow)];
  return [
    `<rect x="${PANEL.left}" y="${px(top)}" width="${width}" height="${px(bottom - top)}" fill="${COLOURS.real}" opacity=".12"/>`,
    `<line x1="${PANEL.left}" x2="${PANEL.left + width}" y1="${px(toY(value))}" y2="${px(toY(value))}" stroke="${COLOURS.real}" stroke-dasharray="4 3"/>`,
  ].join('\n');
}

/** `aside` keeps the intervals of two methods apart. */
function drawSeries(
  points: readonly CurveRow[],
  colour: string,
  aside: number,
  toX: (count: number) => number,
  toY: (value: number) => number,
): string {
  const at = points.map(({ imagesShown, auc }) => ({ x: toX(imagesShown) + aside, auc }));
  const line = at.map(({ x, auc }) => `${px(x)},${px(toY(auc.value))}`).join(' ');
  const marks = at.map(
    ({ x, auc }) =>
      `<line x1="${px(x)}" x2="${px(x)}" y1="${px(toY(auc.ciLow))}" y2="${px(toY(auc.ciHigh))}" stroke="${colour}"/><circle cx="${px(x)}" cy="${px(toY(auc.value))}" r="3" fill="${colour}"/>`,
  );
  return [`<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.5"/>`, ...marks].join(
    '\n',
  );
}

const px = (value: number): string => value.toFixed(1);
