import { addArc, addBar, addBlock, addGlow, addRing, type Canvas } from './canvas.ts';
import type { Random } from './random.ts';
import { drawBelongings, drawBowel, drawFolds } from './soft-tissue.ts';
import type { Level, Spine } from './spine.ts';

/** Draws a lateral film, front of the body to the left: soft tissue, ribs, pelvis, bodies and posterior elements. */
export function drawLateral(canvas: Canvas, spine: Spine, random: Random): void {
  drawFolds(canvas, random.fork('folds'), 14);
  drawTrunk(canvas, random.fork('trunk'));
  drawRibs(canvas, spine, random.fork('ribs'));
  drawSacrum(canvas, spine, random.fork('pelvis'));
  for (const level of spine.levels) drawVertebra(canvas, level, spine);
  drawBelongings(canvas, random.fork('belongings'));
}

/** Both lungs over each other down to the diaphragm, liver or spleen below it, bowel in front of the column. */
function drawTrunk(canvas: Canvas, random: Random): void {
  const dome = random.between(0.08, 0.24);
  for (const _ of ['left', 'right']) {
    const lung = { x: random.between(-0.22, -0.14), y: -0.1, halfWidth: random.between(0.1, 0.15) };
    const halfHeight = 0.1 + dome + random.around(0, 0.025);
    const angle = random.between(0, 0.35); // the diaphragm falls towards the back
    addBlock(canvas, { ...lung, halfHeight, angle, fill: -random.between(0.15, 0.4), blur: 0.6 });
  }
  const organ = { x: random.between(-0.22, -0.1), y: dome + random.between(0.06, 0.14) };
  const [spreadX, spreadY] = [random.between(0.06, 0.11), random.between(0.05, 0.1)];
  addGlow(canvas, { ...organ, spreadX, spreadY, value: random.between(0.1, 0.4) });
  const belly = { x: -random.between(0.2, 0.26), y: random.between(0.45, 0.75) };
  addGlow(canvas, {
    ...belly,
    spreadX: random.between(0.06, 0.12),
    spreadY: 0.25,
    value: -random.between(0.1, 0.5),
  });
  const loops = random.pick([5, 6, 7, 8]);
  drawBowel(canvas, random, { left: -0.26, right: -0.11, top: 0.28, bottom: 0.85 }, loops);
}

function drawRibs(canvas: Canvas, { levels, patient }: Spine, random: Random): void {
  const [value, reach] = [random.between(0.15, 0.4), random.between(0.12, 0.19)];
  for (const level of [{ ...levels[0]!, y: levels[0]!.y - 0.11 }, ...levels.slice(0, 2)]) {
    const y = level.y - 0.03 + patient.ribDrop;
    const arc = { x: level.x - reach * 0.67, y, radiusX: reach, radiusY: reach * 0.75, from: 0.1, to: 1.7 };
    addArc(canvas, { ...arc, width: 0.012, value });
  }
}

function drawSacrum(canvas: Canvas, { base, patient }: Spine, random: Random): void {
  const bone = patient.bone;
  const [slope, crest] = [random.between(0.35, 0.8), random.between(0.12, 0.17)];
  const place = { x: base.x + 0.04, y: base.y + 0.07 };
  addBlock(canvas, {
    ...place,
    angle: -slope,
    halfWidth: 0.055,
    halfHeight: 0.095,
    fill: 0.3 * bone,
    rim: 0.16,
    blur: 0.4,
  });
  const hip = { x: base.x - random.between(0, 0.06), y: base.y + random.between(0.1, 0.16) };
  addGlow(canvas, { ...hip, spreadX: 0.15, spreadY: 0.1, value: random.between(0.25, 0.5) });
  const wing = {
    x: base.x - random.between(0, 0.06),
    y: base.y + crest,
    radiusX: random.between(0.12, 0.18),
    radiusY: 0.15,
    from: -Math.PI + 0.2,
    to: -0.2,
  };
  addArc(canvas, { ...wing, width: 0.016, value: 0.16 }); // iliac crest
}

/** Body, two pedicles on top of each other, facets and a spinous process that points back and down. */
function drawVertebra(canvas: Canvas, level: Level, { finding }: Spine): void {
  const { x, y, angle, halfHeight, density, rim } = level;
  const halfWidth = level.halfWidth * 0.95;
  addBlock(canvas, { x, y, angle, halfWidth, halfHeight, fill: density, rim, waist: 0.1 });
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const at = (dx: number, dy: number) => ({ x: x + dx * cos - dy * sin, y: y + dx * sin + dy * cos });
  const pedicle = { from: at(halfWidth * 0.9, -0.012), to: at(halfWidth + 0.035, -0.012) };
  addBar(canvas, { ...pedicle, radius: 0.013, value: density * 0.7 });
  const facet = { from: at(halfWidth + 0.035, -0.03), to: at(halfWidth + 0.045, halfHeight + 0.012) };
  addBar(canvas, { ...facet, radius: 0.014, value: density * 0.6 });
  const process = { from: at(halfWidth + 0.045, 0.005), to: at(halfWidth + 0.125, 0.035) };
  addBar(canvas, { ...process, radius: 0.018, value: density * 0.35, taper: 0.8 });
  if (finding === 'Foraminal stenosis') return; // the opening below the pedicle is filled
  const foramen = at(halfWidth + 0.013, halfHeight * 0.75);
  addRing(canvas, { ...foramen, radiusX: 0.013, radiusY: 0.019, width: 0.3, value: 0.03, fill: -0.1 });
}
