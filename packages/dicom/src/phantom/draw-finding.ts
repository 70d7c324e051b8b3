import { addArc, addBar, addBlock, addGlow, type Canvas } from './canvas.ts';
import type { Finding } from './findings.ts';
import type { Random } from './random.ts';
import type { Level, Spine } from './spine.ts';

type Draw = (canvas: Canvas, spine: Spine, random: Random) => void;

const SIDES = [-1, 1] as const;

/** Adds what a finding shows besides the changed shape and course of the vertebrae. */
export function drawFinding(canvas: Canvas, spine: Spine, random: Random): void {
  drawWear(canvas, spine, random);
  DRAWINGS[spine.finding]?.(canvas, spine, random);
}

/**
 * A spine with a finding is mostly an older one: end plates and facets of the lower lumbar levels have hardened. Some
 * do so without a finding, so that this sign alone does not tell the labels apart.
 */
function drawWear(canvas: Canvas, { levels, view, finding }: Spine, random: Random): void {
  const worn = finding !== 'No finding' || random.chance(0.1);
  const value = worn ? random.between(0.12, 0.3) : 0;
  for (const level of levels.slice(3)) {
    hardenDisc(canvas, level, value);
    const x = view === 'AP' ? 0 : level.halfWidth + 0.03;
    addGlow(canvas, { ...at(level, x, level.halfHeight), spreadX: 0.05, spreadY: 0.04, value });
  }
}

const DRAWINGS: Partial<Record<Finding, Draw>> = {
  'Disc space narrowing': (canvas, spine) => {
    for (const level of near(spine, 1)) hardenDisc(canvas, level, 0.3);
  },
  'Foraminal stenosis': drawStenosis,
  Osteophytes: drawOsteophytes,
  Spondylolisthesis: drawSlip,
  'Surgical implant': drawImplant,
  'Vertebral collapse': drawSwelling,
  'Other lesions': drawLesion,
};

function near({ levels, focus }: Spine, distance: number): Level[] {
  return levels.filter((_, index) => Math.abs(index - focus) <= distance);
}

/** A point in the vertebra's own frame. */
function at(level: Level, dx: number, dy: number): { x: number; y: number } {
  const [cos, sin] = [Math.cos(level.angle), Math.sin(level.angle)];
  return { x: level.x + dx * cos - dy * sin, y: level.y + dx * sin + dy * cos };
}

function hardenDisc(canvas: Canvas, level: Level, value: number): void {
  const place = at(level, 0, level.halfHeight + level.gap / 2);
  addGlow(canvas, { ...place, spreadX: level.halfWidth * 0.9, spreadY: 0.014, value });
}

/** Facet joints grow and harden: beside the column from the front, over the foramina from the side. */
function drawStenosis(canvas: Canvas, spine: Spine, random: Random): void {
  for (const level of near(spine, 2)) {
    const size = random.between(0.02, 0.027);
    const y = level.halfHeight + level.gap / 2;
    const xs =
      spine.view === 'AP' ? SIDES.map((side) => side * level.halfWidth * 0.62) : [level.halfWidth + 0.02];
    for (const x of xs)
      addGlow(canvas, { ...at(level, x, y), spreadX: size, spreadY: size * 1.3, value: 0.5 });
  }
}

/** Beaks of bone at the corners of the bodies, bridging the discs. */
function drawOsteophytes(canvas: Canvas, spine: Spine, random: Random): void {
  for (const level of spine.levels.slice(2)) {
    for (const side of spine.view === 'AP' ? SIDES : ([-1, -1] as const)) {
      for (const end of SIDES) {
        const from = at(level, side * level.halfWidth * 0.85, end * level.halfHeight * 0.85);
        const reach = random.between(0.02, 0.036);
        const to = at(level, side * (level.halfWidth + reach), end * (level.halfHeight + level.gap * 0.35));
        addBar(canvas, { from, to, radius: 0.016, value: 0.55, taper: 0.35 });
      }
    }
  }
}

/** From the front the slipped body and the sacrum overlap in an arc; from the side the step itself shows. */
function drawSlip(canvas: Canvas, spine: Spine): void {
  const level = spine.levels[spine.focus]!;
  hardenDisc(canvas, level, 0.4);
  if (spine.view === 'LAT') return;
  const place = at(level, 0, level.halfHeight - 0.02);
  addArc(canvas, {
    ...place,
    radiusX: 0.075,
    radiusY: 0.05,
    from: 0.1,
    to: Math.PI - 0.1,
    width: 0.016,
    value: 0.6,
  });
  addGlow(canvas, { ...at(level, 0, level.halfHeight), spreadX: 0.06, spreadY: 0.03, value: 0.25 });
}

/** Blood and callus thicken the soft tissue beside a broken vertebra. */
function drawSwelling(canvas: Canvas, spine: Spine): void {
  const level = spine.levels[spine.focus]!;
  addGlow(canvas, { ...at(level, 0, 0), spreadX: level.halfWidth * 1.5, spreadY: 0.045, value: 0.4 });
}

/** Pedicle screws and two rods over three or four levels. */
function drawImplant(canvas: Canvas, spine: Spine, random: Random): void {
  const first = random.pick([3, 4]);
  const levels = spine.levels.slice(first);
  const frontal = spine.view === 'AP';
  const rodX = (side: number, level: Level) =>
    frontal ? side * level.halfWidth * 0.6 : level.halfWidth + 0.05;
  for (const side of frontal ? SIDES : ([1] as const)) {
    for (const [i, level] of levels.entries()) {
      const head = at(level, rodX(side, level), -0.01);
      const tip = frontal
        ? at(level, side * level.halfWidth * 0.25, 0.005)
        : at(level, -level.halfWidth * 0.5, 0);
      addBar(canvas, { from: head, to: tip, radius: 0.008, value: 1.3, taper: 0.7 });
      addBlock(canvas, { ...head, halfWidth: 0.014, halfHeight: 0.014, fill: 1.2 });
      const next = levels[i + 1];
      if (next)
        addBar(canvas, { from: head, to: at(next, rodX(side, next), -0.01), radius: 0.0075, value: 1.5 });
    }
  }
}

/** Besides the deformity: a destroyed half of a body, or a dense deposit. */
function drawLesion(canvas: Canvas, spine: Spine, random: Random): void {
  const level = spine.levels[spine.focus]!;
  const place = at(level, random.between(-0.3, 0.3) * level.halfWidth, 0);
  const lytic = random.chance(0.2);
  addGlow(canvas, { ...place, spreadX: 0.035, spreadY: 0.035, value: lytic ? -0.5 : 0.9 });
  if (spine.view === 'LAT') for (const other of near(spine, 2)) hardenDisc(canvas, other, 0.3);
}
