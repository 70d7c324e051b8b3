/**
 * A film as the attenuation along each ray: shapes add up as tissues do. Lengths are in image heights, x from the
 * middle of the image to the right, y from its top down.
 */
export type Canvas = {
  rows: number;
  columns: number;
  attenuation: Float32Array;
  /** How far off the patient stands: moves all that is drawn. */
  shift: Place;
};

type Place = { x: number; y: number };

export function createCanvas(rows: number, columns: number, shift: Place = { x: 0, y: 0 }): Canvas {
  return { rows, columns, attenuation: new Float32Array(rows * columns), shift };
}

/** Adds `value(dx, dy)` at each pixel within `reach` of a place. */
function stamp(
  canvas: Canvas,
  place: Place,
  reachX: number,
  reachY: number,
  value: (dx: number, dy: number) => number,
): void {
  const { rows, columns, attenuation, shift } = canvas;
  const [x, y] = [place.x + shift.x, place.y + shift.y];
  const middle = columns / 2;
  const top = Math.max(0, Math.floor((y - reachY) * rows));
  const bottom = Math.min(rows - 1, Math.ceil((y + reachY) * rows));
  const left = Math.max(0, Math.floor((x - reachX) * rows + middle));
  const right = Math.min(columns - 1, Math.ceil((x + reachX) * rows + middle));
  for (let row = top; row <= bottom; row++) {
    const dy = (row + 0.5) / rows - y;
    const start = row * columns;
    for (let column = left; column <= right; column++) {
      const at = start + column;
      attenuation[at] = attenuation[at]! + value((column + 0.5 - middle) / rows - x, dy);
    }
  }
}

export type Block = Place & {
  halfWidth: number;
  halfHeight: number;
  /** Radians, clockwise on the film. */
  angle?: number;
  fill: number;
  /** Extra attenuation of the cortex at the edge. */
  rim?: number;
  /** Share of the half width by which the sides are drawn in at mid height, as in a vertebral body. */
  waist?: number;
  /** Width of the blurred edge, in half sizes. */
  blur?: number;
};

/** A rounded box (superellipse of power 6) with a brighter rim: a vertebral body, a plate, the sacrum. */
export function addBlock(canvas: Canvas, block: Block): void {
  const { halfWidth, halfHeight, angle = 0, fill, rim = 0, waist = 0, blur = 0.25 } = block;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.hypot(halfWidth, halfHeight) * 1.1;
  stamp(canvas, block, reach, reach, (dx, dy) => {
    const v = (dy * cos - dx * sin) / halfHeight;
    const u = (dx * cos + dy * sin) / (halfWidth * (1 - waist * Math.max(0, 1 - v * v)));
    const [u2, v2] = [u * u, v * v];
    const r = u2 * u2 * u2 + v2 * v2 * v2;
    if (r > 1.6) return 0;
    const edge = (r - 0.8) / blur;
    return fill * smoothStep((1.1 - r) / (2 * blur)) + rim * Math.exp(-edge * edge);
  });
}

/** A soft elliptical glow: organs, gas (negative), scatter. */
export function addGlow(
  canvas: Canvas,
  glow: Place & { spreadX: number; spreadY: number; value: number },
): void {
  const { spreadX, spreadY, value } = glow;
  stamp(canvas, glow, 2.5 * spreadX, 2.5 * spreadY, (dx, dy) => {
    const r = (dx / spreadX) ** 2 + (dy / spreadY) ** 2;
    return r > 6.25 ? 0 : value * Math.exp(-r);
  });
}

/** An elliptical ring: a pedicle seen end-on (or a foramen, with negative fill). */
export function addRing(
  canvas: Canvas,
  ring: Place & { radiusX: number; radiusY: number; width: number; value: number; fill?: number },
): void {
  const { radiusX, radiusY, width, value, fill = 0 } = ring;
  stamp(canvas, ring, radiusX * (1 + 2 * width), radiusY * (1 + 2 * width), (dx, dy) => {
    const r = length(dx / radiusX, dy / radiusY);
    const edge = (r - 1) / width;
    return value * Math.exp(-edge * edge) + fill * smoothStep((1 - r) / 0.3);
  });
}

export type Bar = { from: Place; to: Place; radius: number; value: number; taper?: number };

/** A round bar: a process, a rod, a screw. With `taper` it narrows to that share of its radius. */
export function addBar(canvas: Canvas, { from, to, radius, value, taper = 1 }: Bar): void {
  const [ax, ay] = [to.x - from.x, to.y - from.y];
  const length2 = ax * ax + ay * ay;
  const centre = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  stamp(canvas, centre, Math.abs(ax) / 2 + radius, Math.abs(ay) / 2 + radius, (dx, dy) => {
    const [px, py] = [dx + ax / 2, dy + ay / 2];
    const t = Math.min(1, Math.max(0, (px * ax + py * ay) / length2));
    const width = radius * (1 + (taper - 1) * t);
    const distance = length(px - t * ax, py - t * ay) / width;
    return distance > 1 ? 0 : value * Math.sqrt(1 - distance * distance); // thickness of a cylinder
  });
}

/** A rib, or the rim of the pelvis: an arc of an ellipse, angles in radians from the right, clockwise. */
export function addArc(
  canvas: Canvas,
  arc: Place & { radiusX: number; radiusY: number; from: number; to: number; width: number; value: number },
): void {
  const { radiusX, radiusY, from, to, width, value } = arc;
  stamp(canvas, arc, radiusX + width, radiusY + width, (dx, dy) => {
    const r = length(dx / radiusX, dy / radiusY);
    const across = ((r - 1) * Math.min(radiusX, radiusY)) / width;
    if (across < -1 || across > 1) return 0;
    const angle = Math.atan2(dy / radiusY, dx / radiusX);
    const along = Math.min(smoothStep((angle - from) / 0.25), smoothStep((to - angle) / 0.25));
    const cortex = 0.55 + 0.9 * across * across * (1 - across * across) * 2; // a tube is denser at its walls
    return value * along * cortex * (1 - across ** 4);
  });
}

export function smoothStep(t: number): number {
  const x = t < 0 ? 0 : t > 1 ? 1 : t;
  return x * x * (3 - 2 * x);
}

/** Math.hypot guards against overflow and is ten times slower. */
function length(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}
