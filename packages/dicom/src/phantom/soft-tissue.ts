import { addBar, addBlock, addGlow, type Canvas } from './canvas.ts';
import type { Random } from './random.ts';

/** Part of a film, in image heights. */
export type Region = { left: number; right: number; top: number; bottom: number };

/** Muscle, fat folds and uneven scatter: broad shadows beside the column that lie elsewhere in everybody. */
export function drawFolds(canvas: Canvas, random: Random, count: number): void {
  for (let i = 0; i < count; i++) {
    const size = random.between(0.045, 0.09);
    addGlow(canvas, {
      x: random.pick([-1, 1]) * random.between(0.12, 0.27),
      y: random.between(0, 1),
      spreadX: size * random.between(0.5, 1.1),
      spreadY: size,
      value: random.pick([-1, 1]) * random.between(0.1, 0.3),
    });
  }
}

/** Loops of bowel: runs of gas pockets, each next to the one before. */
export function drawBowel(canvas: Canvas, random: Random, region: Region, loops: number): void {
  for (let loop = 0; loop < loops; loop++) {
    let [x, y] = [random.between(region.left, region.right), random.between(region.top, region.bottom)];
    let course = random.between(0, 2 * Math.PI);
    const width = random.between(0.02, 0.042);
    const value = -random.between(0.3, 0.78);
    const pockets = random.pick([1, 2, 2, 3, 4]);
    for (let i = 0; i < pockets; i++) {
      const spreadX = width * random.between(0.8, 1.2);
      addGlow(canvas, { x, y, spreadX, spreadY: width * random.between(0.8, 1.3), value });
      course += random.between(-0.7, 0.7);
      x = clamp(x + 1.7 * width * Math.cos(course), region.left, region.right);
      y = clamp(y + 1.7 * width * Math.sin(course), region.top, region.bottom);
    }
  }
}

/** What lies on a patient or on the cassette: a side marker, a lead. */
export function drawBelongings(canvas: Canvas, random: Random): void {
  if (random.chance(0.5)) {
    const marker = { x: random.pick([-1, 1]) * random.between(0.19, 0.23), y: random.between(0.06, 0.5) };
    addBlock(canvas, { ...marker, halfWidth: 0.012, halfHeight: 0.02, fill: 0.9 });
  }
  if (random.chance(0.12)) {
    const from = { x: random.between(-0.25, 0.25), y: -0.02 };
    const to = { x: random.between(-0.22, 0.22), y: random.between(0.15, 0.5) };
    addBar(canvas, { from, to, radius: 0.006, value: 0.5 });
    addBlock(canvas, { ...to, halfWidth: 0.015, halfHeight: 0.015, fill: 0.7 });
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
