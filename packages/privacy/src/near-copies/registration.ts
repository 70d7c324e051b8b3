import { blur, dot, highPass, normalise, type Plane, type Pose, posed } from '../pixels/plane.ts';

const DETAIL_SIGMA = 2; // pixels of the working plane; of 1, 1.5 and 2 it separated disguised copies from look-alikes best
const COARSE_TURNS = [-4, 0, 4]; // degrees; the positive control turns by up to 5
const REFINEMENTS = 4; // halvings of the step from 2° and an eighth of a shift unit

/** What registration needs of an image, made once. */
export type Registrable = {
  plane: Plane;
  detail: Plane;
  /** Normalised detail of the middle at each coarse shift. */
  shifted: { dx: number; dy: number; values: Float32Array }[];
};

export function registrable(plane: Plane): Registrable {
  const detail = highPass(plane, DETAIL_SIGMA);
  const unit = shiftUnit(plane.size);
  const offsets = [-0.75 * unit, 0, 0.75 * unit];
  const shifted = offsets.flatMap((dx) =>
    offsets.map((dy) => ({ dx, dy, values: view(detail, { dx, dy, degrees: 0, flip: false }) })),
  );
  return { plane, detail, shifted };
}

/** The film's normalised detail at each coarse turn, upright and mirrored: the other half of the coarse search. */
export type TurnedViews = { degrees: number; flip: boolean; values: Float32Array }[];

export function turnedViews({ detail }: Registrable): TurnedViews {
  return [false, true].flatMap((flip) =>
    COARSE_TURNS.map((degrees) => ({ degrees, flip, values: view(detail, { dx: 0, dy: 0, degrees, flip }) })),
  );
}

/** The positive control's largest shift, in pixels of this plane. */
function shiftUnit(size: number): number {
  return (4 * size) / 256;
}

/** The middle of the image in a pose, at mean 0 and length 1. A tenth on each side is left to shifts and turns. */
function view(detail: Plane, pose: Pose): Float32Array {
  return normalise(posed(detail, pose, marginOf(detail.size)));
}

function marginOf(size: number): number {
  return Math.max(1, Math.floor(size / 10));
}

export type Match = { correlation: number; pose: Pose };

/**
 * Normalised cross-correlation of detail at the best of 54 coarse poses: the query shifted, the film turned and mirrored.
 * The returned pose is the film's.
 */
export function coarseMatch(query: Registrable, views: TurnedViews): Match {
  let best: Match = { correlation: -1, pose: { dx: 0, dy: 0, degrees: 0, flip: false } };
  for (const { degrees, flip, values } of views) {
    for (const { dx, dy, values: moved } of query.shifted) {
      const correlation = dot(values, moved);
      if (correlation > best.correlation) best = { correlation, pose: { dx: -dx, dy: -dy, degrees, flip } };
    }
  }
  return best;
}

/** Improves a match by a pattern search over shift and turn, within a little more than the positive control's range. */
export function refineMatch(query: Registrable, film: Registrable, start: Match): Match {
  const target = view(query.detail, { dx: 0, dy: 0, degrees: 0, flip: false });
  const unit = shiftUnit(query.plane.size);
  const score = (pose: Pose): Match => ({ pose, correlation: dot(target, view(film.detail, pose)) });
  let best = score(start.pose);
  for (let round = 0, step = 1; round < REFINEMENTS; round++, step /= 2) {
    for (const move of moves(2 * step, unit * step * 0.5)) {
      const pose = { ...best.pose };
      pose.dx += move.dx;
      pose.dy += move.dy;
      pose.degrees += move.degrees;
      if (Math.abs(pose.degrees) > 7 || Math.hypot(pose.dx, pose.dy) > 2 * unit) continue;
      const moved = score(pose);
      if (moved.correlation > best.correlation) best = moved;
    }
  }
  return best;
}

function moves(degrees: number, pixels: number): { dx: number; dy: number; degrees: number }[] {
  return [-1, 1].flatMap((sign) => [
    { dx: 0, dy: 0, degrees: sign * degrees },
    { dx: sign * pixels, dy: 0, degrees: 0 },
    { dx: 0, dy: sign * pixels, degrees: 0 },
  ]);
}

/**
 * Structural similarity of a query and a film in the matched pose: the mean over the middle of local covariance over local
 * deviations (the structure term of Wang et al. 2004, σ = 2 window), which brightness and contrast don't change. 1 at most:
 * of an exact copy rounding would make a little more, of which there is no atanh.
 */
export function structuralSimilarity(query: Registrable, film: Registrable, pose: Pose): number {
  const { size } = query.plane;
  const a = query.plane.values;
  const b = posed(film.plane, pose);
  const smooth = (value: (at: number) => number) =>
    blur({ values: a.map((_, at) => value(at)), size }, DETAIL_SIGMA).values;
  const [meanA, meanB] = [smooth((at) => a[at]!), smooth((at) => b[at]!)];
  const [squaresA, squaresB] = [smooth((at) => a[at]! ** 2), smooth((at) => b[at]! ** 2)];
  const product = smooth((at) => a[at]! * b[at]!);
  const margin = marginOf(size);
  let [sum, count] = [0, 0];
  for (let y = margin; y < size - margin; y++) {
    for (let x = margin; x < size - margin; x++) {
      const at = y * size + x;
      const varianceA = Math.max(0, squaresA[at]! - meanA[at]! ** 2);
      const varianceB = Math.max(0, squaresB[at]! - meanB[at]! ** 2);
      sum += (product[at]! - meanA[at]! * meanB[at]! + FLAT) / (Math.sqrt(varianceA * varianceB) + FLAT);
      count += 1;
    }
  }
  return Math.min(1, sum / count);
}

const FLAT = 4; // gray levels squared: variance below this is noise, and two flat regions are alike
