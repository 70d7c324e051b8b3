import { addArc, addBar, addBlock, addGlow, addRing, type Canvas } from './canvas.ts';
import type { Random } from './random.ts';
import { drawBelongings, drawBowel, drawFolds } from './soft-tissue.ts';
import type { Level, Spine } from './spine.ts';

const SIDES = [-1, 1] as const;

/** Draws an anteroposterior film: soft tissue, ribs, pelvis, column. */
export function drawFrontal(canvas: Canvas, spine: Spine, random: Random): void {
  drawFolds(canvas, random.fork('folds'), 10);
  drawChest(canvas, spine, random.fork('chest'));
  drawAbdomen(canvas, spine, random.fork('abdomen'));
  drawPelvis(canvas, spine, random.fork('pelvis'));
  for (const level of spine.levels) drawVertebra(canvas, level);
  drawBelongings(canvas, random.fork('belongings'));
}

/** Lungs down to the domes of the diaphragm, the heart between them, ribs, and breasts over all. */
function drawChest(canvas: Canvas, spine: Spine, random: Random): void {
  const dome = random.between(0.08, 0.24);
  const breast = random.chance(0.4) ? random.between(0.1, 0.35) : 0;
  const breastY = random.between(0.02, 0.22);
  const air = random.between(0.35, 0.8);
  for (const side of SIDES) {
    const lung = { x: side * random.between(0.15, 0.19), y: -0.1, halfWidth: random.between(0.075, 0.11) };
    const halfHeight = 0.1 + dome + (side < 0 ? -0.02 : 0) + random.around(0, 0.015); // the liver lifts one side
    addBlock(canvas, { ...lung, halfHeight, fill: -air, blur: 0.6, waist: random.around(0, 0.1) });
    addGlow(canvas, { x: side * 0.16, y: breastY, spreadX: 0.07, spreadY: 0.05, value: breast });
  }
  const heart = { x: random.between(0.03, 0.09), y: dome - random.between(0.02, 0.08) };
  addGlow(canvas, {
    ...heart,
    spreadX: random.between(0.05, 0.1),
    spreadY: 0.07,
    value: random.between(0.1, 0.4),
  });
  drawRibs(canvas, spine, random);
}

function drawAbdomen(canvas: Canvas, { patient, base }: Spine, random: Random): void {
  const tone = random.between(0.03, 0.22);
  for (const side of SIDES) {
    const kidney = { x: side * random.between(0.12, 0.17), y: random.between(0.24, 0.38) };
    addGlow(canvas, { ...kidney, spreadX: 0.045, spreadY: 0.075, value: random.between(0.05, 0.25) });
    const psoas = { x: side * patient.columnHalfWidth * 0.8, y: 0.3 };
    const hip = { x: side * random.between(0.13, 0.18), y: base.y + 0.05 };
    addBar(canvas, { from: psoas, to: hip, radius: random.between(0.03, 0.055), value: tone });
  }
  const liver = { x: -random.between(0.1, 0.18), y: random.between(0.2, 0.34) };
  const [spreadX, spreadY] = [random.between(0.07, 0.14), random.between(0.06, 0.12)];
  addGlow(canvas, { ...liver, spreadX, spreadY, value: random.between(0.1, 0.35) });
  const stomach = { x: random.between(0.09, 0.2), y: random.between(0.17, 0.34) };
  const size = random.between(0.025, 0.05);
  addGlow(canvas, { ...stomach, spreadX: size * 1.2, spreadY: size, value: -random.between(0.2, 0.9) });
  const loops = random.pick([2, 3, 3, 4]);
  drawBowel(canvas, random, { left: -0.24, right: -0.11, top: 0.35, bottom: 0.85 }, loops);
  drawBowel(canvas, random, { left: 0.11, right: 0.24, top: 0.35, bottom: 0.85 }, loops);
}

function drawRibs(canvas: Canvas, { levels, patient }: Spine, random: Random): void {
  const [slope, value] = [random.between(0.06, 0.13), random.between(0.15, 0.4)];
  for (const [index, level] of [{ ...levels[0]!, y: levels[0]!.y - 0.11 }, ...levels.slice(0, 2)].entries()) {
    for (const side of SIDES) {
      const length = (index === 2 ? 0.13 : 0.2) + random.around(0, 0.015);
      const [from, to] = side > 0 ? [-Math.PI / 2, -0.15] : [-Math.PI + 0.15, -Math.PI / 2];
      const y = level.y + slope + patient.ribDrop;
      const x = level.x + side * level.halfWidth;
      addArc(canvas, { x, y, radiusX: length, radiusY: slope, from, to, width: 0.013, value });
    }
  }
}

function drawPelvis(canvas: Canvas, { base, patient }: Spine, random: Random): void {
  const sacrum = { x: base.x * 0.5, y: base.y + 0.09, halfWidth: 0.08, halfHeight: 0.1 };
  addBlock(canvas, { ...sacrum, fill: 0.3 * patient.bone, rim: 0.12, waist: -0.1, blur: 0.4 });
  const [flare, crest] = [random.between(0.1, 0.6), random.between(0.05, 0.13)];
  const [halfWidth, halfHeight] = [random.between(0.07, 0.1), random.between(0.1, 0.14)];
  const tilt = random.around(0, 0.012);
  for (const side of SIDES) {
    const place = { x: side * patient.pelvisHalfWidth * 0.72, y: base.y + crest + side * tilt };
    const angle = side * flare;
    addBlock(canvas, { ...place, halfWidth, halfHeight, angle, fill: 0.28, rim: 0.2, blur: 0.4 });
    for (const hole of [0.06, 0.11]) {
      const at = { x: sacrum.x + side * 0.03, y: base.y + hole };
      addRing(canvas, { ...at, radiusX: 0.01, radiusY: 0.008, width: 0.4, value: 0.08, fill: -0.12 });
    }
  }
}

function drawVertebra(canvas: Canvas, level: Level): void {
  const { x, y, angle, halfWidth, halfHeight, density, rim } = level;
  addBlock(canvas, { x, y, angle, halfWidth, halfHeight, fill: density, rim, waist: 0.12 });
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const at = (dx: number, dy: number) => ({ x: x + dx * cos - dy * sin, y: y + dx * sin + dy * cos });
  for (const side of SIDES) {
    const pedicle = at(side * halfWidth * 0.62, -halfHeight * 0.25);
    addRing(canvas, { ...pedicle, radiusX: 0.011, radiusY: 0.016, width: 0.3, value: rim * 0.9 });
    const from = at(side * halfWidth * 0.8, -halfHeight * 0.1);
    const to = at(side * halfWidth * 1.7, -halfHeight * 0.25);
    addBar(canvas, { from, to, radius: 0.011, value: density * 0.4, taper: 0.7 });
  }
  const spinous = at(0, halfHeight * 0.5);
  addRing(canvas, { ...spinous, radiusX: 0.008, radiusY: 0.02, width: 0.4, value: rim * 0.8, fill: 0.05 });
}
