import { addArc, addBar, addBlock, addGlow, addRing, type Canvas } from './canvas.ts';
import type { Random } from './random.ts';
import type { Level, Spine } from './spine.ts';

const SIDES = [-1, 1] as const;

/** Draws an anteroposterior film: soft tissue, ribs, pelvis, column. */
export function drawFrontal(canvas: Canvas, spine: Spine, random: Random): void {
  drawTrunk(canvas, spine, random);
  drawRibs(canvas, spine);
  drawPelvis(canvas, spine);
  for (const level of spine.levels) drawVertebra(canvas, level);
}

function drawTrunk(canvas: Canvas, { patient, base }: Spine, random: Random): void {
  for (const side of SIDES) {
    addGlow(canvas, { x: side * 0.19, y: -0.02, spreadX: 0.1, spreadY: 0.13, value: -0.5 }); // lung base
    addGlow(canvas, { x: side * 0.15, y: 0.3, spreadX: 0.06, spreadY: 0.1, value: 0.1 }); // kidney
    const psoas = { x: side * patient.columnHalfWidth * 0.8, y: 0.3 };
    const hip = { x: side * 0.16, y: base.y + 0.05 };
    addBar(canvas, { from: psoas, to: hip, radius: 0.045, value: 0.12 });
  }
  addGlow(canvas, { x: -0.14, y: 0.2, spreadX: 0.12, spreadY: 0.09, value: 0.18 }); // liver
  const bubbles = 4 + Math.floor(random.between(0, 5));
  for (let i = 0; i < bubbles; i++) {
    const size = random.between(0.012, 0.03);
    const x = random.pick(SIDES) * random.between(0.1, 0.24);
    addGlow(canvas, { x, y: random.between(0.35, 0.85), spreadX: size * 1.3, spreadY: size, value: -0.22 });
  }
}

function drawRibs(canvas: Canvas, { levels, patient }: Spine): void {
  for (const [index, level] of levels.slice(0, 2).entries()) {
    for (const side of SIDES) {
      const length = index === 0 ? 0.2 : 0.13;
      const [from, to] = side > 0 ? [-Math.PI / 2, -0.15] : [-Math.PI + 0.15, -Math.PI / 2];
      const y = level.y + 0.1 + patient.ribDrop;
      const x = level.x + side * level.halfWidth;
      addArc(canvas, { x, y, radiusX: length, radiusY: 0.1, from, to, width: 0.012, value: 0.2 });
    }
  }
}

function drawPelvis(canvas: Canvas, { base, patient }: Spine): void {
  const sacrum = { x: base.x * 0.5, y: base.y + 0.09, halfWidth: 0.08, halfHeight: 0.1 };
  addBlock(canvas, { ...sacrum, fill: 0.3 * patient.bone, rim: 0.12, waist: -0.1, blur: 0.4 });
  for (const side of SIDES) {
    const x = side * patient.pelvisHalfWidth * 0.72;
    addBlock(canvas, {
      x,
      y: base.y + 0.1,
      halfWidth: 0.085,
      halfHeight: 0.12,
      angle: side * 0.35,
      fill: 0.28,
      rim: 0.2,
      blur: 0.4,
    });
    for (const hole of [0.06, 0.11]) {
      const place = { x: sacrum.x + side * 0.03, y: base.y + hole };
      addRing(canvas, { ...place, radiusX: 0.01, radiusY: 0.008, width: 0.4, value: 0.08, fill: -0.12 });
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
