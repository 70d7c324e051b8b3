import { addArc, addBar, addBlock, addGlow, addRing, type Canvas } from './canvas.ts';
import type { Random } from './random.ts';
import type { Level, Spine } from './spine.ts';

/** Draws a lateral film, front of the body to the left: soft tissue, ribs, pelvis, bodies and posterior elements. */
export function drawLateral(canvas: Canvas, spine: Spine, random: Random): void {
  addGlow(canvas, { x: -0.2, y: 0.02, spreadX: 0.16, spreadY: 0.14, value: -0.45 }); // lungs
  addGlow(canvas, { x: -0.2, y: 0.6, spreadX: 0.12, spreadY: 0.3, value: -0.15 }); // bowel
  for (let i = 0; i < 4; i++) {
    const size = random.between(0.012, 0.03);
    const [x, y] = [random.between(-0.24, -0.12), random.between(0.4, 0.8)];
    addGlow(canvas, { x, y, spreadX: size, spreadY: size, value: -0.15 });
  }
  drawRibs(canvas, spine);
  drawSacrum(canvas, spine);
  for (const level of spine.levels) drawVertebra(canvas, level, spine);
}

function drawRibs(canvas: Canvas, { levels, patient }: Spine): void {
  for (const level of levels.slice(0, 2)) {
    const y = level.y - 0.03 + patient.ribDrop;
    const arc = { x: level.x - 0.1, y, radiusX: 0.15, radiusY: 0.11, from: 0.1, to: 1.7 };
    addArc(canvas, { ...arc, width: 0.011, value: 0.18 });
  }
}

function drawSacrum(canvas: Canvas, { base, patient }: Spine): void {
  const bone = patient.bone;
  const place = { x: base.x + 0.04, y: base.y + 0.07 };
  addBlock(canvas, {
    ...place,
    angle: -0.55,
    halfWidth: 0.055,
    halfHeight: 0.095,
    fill: 0.3 * bone,
    rim: 0.16,
    blur: 0.4,
  });
  addGlow(canvas, { x: base.x - 0.02, y: base.y + 0.14, spreadX: 0.15, spreadY: 0.1, value: 0.38 });
  const wing = {
    x: base.x - 0.03,
    y: base.y + 0.17,
    radiusX: 0.16,
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
  addRing(canvas, { ...foramen, radiusX: 0.013, radiusY: 0.019, width: 0.3, value: 0.03, fill: -0.16 });
}
