import { COPIES_SOUGHT } from '../copies-sought.ts';
import { layFilm, type Pose, type Sought } from './pose.ts';
import { MIDDLE, planeOf, type SearchPlanes } from './search-planes.ts';

/** An image's planes, or those of its mirror image. */
export type ImageView = Record<'soft' | 'middle' | 'fine', Float32Array> & { side: number };

export function viewImage(planes: SearchPlanes, row: number, isMirrored: boolean): ImageView {
  const turn = (values: Float32Array, side: number) => (isMirrored ? mirrored(values, side) : values);
  const { side } = planes.fine;
  return {
    soft: turn(planeOf(planes.soft, row), MIDDLE),
    middle: turn(planeOf(planes.middle, row), MIDDLE),
    fine: turn(planeOf(planes.fine, row), side),
    side,
  };
}

function mirrored(values: Float32Array, side: number): Float32Array {
  return values.map((_, at) => values[at - (at % side) + side - 1 - (at % side)]!);
}

export type Registered = { pose: Sought; correlation: number };

const ROUNDS = 3; // halvings of the first steps
const FIRST_STEPS = { dx: 0.03, dy: 0.03, degrees: 3, scale: 1.06 };
const SLACK = 1.1; // a little more than the reach, for what was altered just that far

/** Improves a pose by a pattern search on the middle grid, one coordinate after the other, steps halved each round. */
export function register(image: ImageView, film: ImageView, start: Sought): Registered {
  const laid = new Float32Array(MIDDLE * MIDDLE);
  const score = (pose: Sought): Registered => ({
    pose,
    correlation: Math.abs(correlate(image.middle, layFilm(film.middle, MIDDLE, pose, MIDDLE, laid))),
  });
  let best = score(start);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ['dx', 'dy', 'degrees', 'scale'] as const) {
      const tried = [-1, 1].map((sign) => stepped(best.pose, name, sign / 2 ** round)).filter(isWithinReach);
      for (const pose of tried) {
        const moved = score(pose);
        if (moved.correlation > best.correlation) best = moved;
      }
    }
  }
  return best;
}

function stepped(pose: Sought, name: keyof Pose, share: number): Sought {
  const value =
    name === 'scale' ? pose.scale * FIRST_STEPS.scale ** share : pose[name] + share * FIRST_STEPS[name];
  return { ...pose, [name]: value };
}

function isWithinReach({ dx, dy, degrees, scale }: Pose): boolean {
  const isNear = Math.abs(dx) <= SLACK * COPIES_SOUGHT.shift && Math.abs(dy) <= SLACK * COPIES_SOUGHT.shift;
  const isUpright = Math.abs(degrees) <= SLACK * COPIES_SOUGHT.degrees;
  return isNear && isUpright && Math.abs(Math.log(scale)) <= SLACK * Math.log(COPIES_SOUGHT.scale);
}

const PIXELS_MIN = 16;

/** Normalised cross-correlation over the pixels where the film lies; 0 when they are few or flat. */
function correlate(image: Float32Array, laid: Float32Array): number {
  let [count, a, b, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at < laid.length; at++) {
    const y = laid[at]!;
    if (Number.isNaN(y)) continue; // no film here
    const x = image[at]!;
    count += 1;
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const [varianceA, varianceB] = [aa - (a * a) / count, bb - (b * b) / count];
  if (count < PIXELS_MIN || varianceA < 1e-3 || varianceB < 1e-3) return 0;
  return (ab - (a * b) / count) / Math.sqrt(varianceA * varianceB);
}

/** Correlation of the fine detail of an image and of a film in a pose. */
export function correlateFine(image: ImageView, film: ImageView, pose: Sought): number {
  const laid = layFilm(film.fine, image.side, pose, image.side, new Float32Array(image.side ** 2));
  return Math.abs(correlate(image.fine, laid));
}

/** Correlation of an image's middle detail with what a blurred film in a pose has of it. */
export function correlateSoft(image: ImageView, film: ImageView, pose: Sought): number {
  const laid = layFilm(film.soft, MIDDLE, pose, MIDDLE, new Float32Array(MIDDLE ** 2));
  return Math.abs(correlate(image.middle, laid));
}
