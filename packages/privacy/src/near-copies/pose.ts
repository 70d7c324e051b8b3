import { COPIES_SOUGHT } from '../copies-sought.ts';

/**
 * How a film lies in an image: shifted by shares of the side, turned about the centre, enlarged. Mirror images are searched by
 * mirroring the image, so a pose has no flip.
 */
export type Pose = { dx: number; dy: number; degrees: number; scale: number };

/** The part of an image that is compared: all of it, or one half. */
const REGIONS = ['whole', 'left', 'right', 'top', 'bottom'] as const;
export type Region = (typeof REGIONS)[number];
export type Sought = Pose & { region: Region };

const SHIFTS = [-1, -0.5, 0, 0.5, 1].map((share) => share * COPIES_SOUGHT.shift); // a pixel of the coarse grid apart
const TURNS = [-1, -0.5, 0, 0.5, 1].map((share) => share * COPIES_SOUGHT.degrees); // 0.4 of its pixels at the border
const SCALES = [-1, -0.5, 0, 0.5, 1].map((power) => COPIES_SOUGHT.scale ** power);

/** The poses of the coarse search: whole films at each shift, turn and scale, then halves at each shift. */
export const WHOLE_POSES: readonly Sought[] = SCALES.flatMap((scale) =>
  TURNS.flatMap((degrees) => shiftsOf({ degrees, scale, region: 'whole' })),
);
export const HALF_POSES: readonly Sought[] = REGIONS.slice(1).flatMap((region) =>
  shiftsOf({ degrees: 0, scale: 1, region }),
);

function shiftsOf(rest: Omit<Sought, 'dx' | 'dy'>): Sought[] {
  return SHIFTS.flatMap((dx) => SHIFTS.map((dy) => ({ dx, dy, ...rest })));
}

/** The rows or columns of a region, from the first to before the last. */
function linesOf(region: Region, side: number): Record<'rows' | 'columns', readonly [number, number]> {
  const all = [0, side] as const;
  const low = [0, Math.ceil((0.5 - BORDER) * side - 0.5)] as const; // where (line + ½) / side < ½ − border
  const high = [Math.floor((0.5 + BORDER) * side - 0.5) + 1, side] as const;
  return {
    rows: region === 'top' ? low : region === 'bottom' ? high : all,
    columns: region === 'left' ? low : region === 'right' ? high : all,
  };
}

const BORDER = 1.5 / 32; // of the side: what lies so near to a film's border is blurred with what is beyond

/** x' = a·x + b·y + c in pixels of the film, for a column and row of the image. */
type Affine = { a: number; b: number; left: number; top: number };

function affineOf({ dx, dy, degrees, scale }: Pose, from: number, to: number): Affine {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [u, v] = [0.5 / to - 0.5 - dx, 0.5 / to - 0.5 - dy]; // the first pixel's centre
  const place = (share: number) => (share + 0.5) * from - 0.5;
  return {
    a: (cos * from) / to,
    b: (sin * from) / to,
    left: place(cos * u + sin * v),
    top: place(cos * v - sin * u),
  };
}

/**
 * Lays a film's plane into an image's grid in a pose, bilinear. Pixels where there is no film, or that are outside the
 * region, become NaN. `film` [from²] → `target` [to²]
 */
export function layFilm(
  film: Float32Array,
  from: number,
  pose: Pose & { region?: Region },
  to: number,
  target: Float32Array,
): Float32Array {
  const { a, b, left, top } = affineOf(pose, from, to);
  const [low, high] = [BORDER * from - 0.5, from - 0.5 - BORDER * from];
  const { rows, columns } = linesOf(pose.region ?? 'whole', to);
  target.fill(Number.NaN);
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let column = columns[0]; column < columns[1]; column++) {
      const x = left + a * column + b * row;
      const y = top - b * column + a * row;
      if (x >= low && x <= high && y >= low && y <= high)
        target[row * to + column] = interpolate(film, from, x, y);
    }
  }
  return target;
}

/** Within the film: the border keeps x and y away from its edge. */
function interpolate(film: Float32Array, side: number, x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const across = x - column;
  const down = y - row;
  const at = row * side + column;
  const upper = film[at]! + (film[at + 1]! - film[at]!) * across;
  const lower = film[at + side]! + (film[at + side + 1]! - film[at + side]!) * across;
  return upper + (lower - upper) * down;
}
