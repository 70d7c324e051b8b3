import { foldSeed, statelessNormal, statelessUniform, tf } from '@synspine/compute';

export type AugmentPolicy =
  | { mode: 'fixed'; p: number }
  | { mode: 'adaptive'; target: number; intervalSteps: number; imagesToFullStrength: number; pMax: number };

/** What the discriminator may see done to an image, real or fake. An amount of 0 leaves that transform out of the graph. */
export type AugmentSettings = {
  policy: AugmentPolicy;
  /** `uniform`: −amount..amount. `normal`: N(0, amount²); shifts and turns stay uniform, as in StyleGAN2-ADA. */
  distribution: 'uniform' | 'normal';
  shift: number; // of the side
  /** Shifts round to whole pixels, so that they copy pixels and blur nothing. Exact in float32 where nothing scales or turns. */
  wholePixelShifts: boolean;
  scaleLog2: number;
  scaleLog2Max?: number; // a normal draw beyond ± this is held there
  anisotropyLog2: number;
  rotationDegrees: number; // −amount..amount
  brightness: number; // added, in −1..1 units
  contrastLog2: number;
  flipX: boolean; // mirrors left and right: wrong for films whose laterality matters
  quarterTurns: boolean;
  lumaFlip: boolean; // negates the image
};

/** Per image, the source place of an output place, in pixels from the centre: x' = a·x + b·y + tx, y' = c·x + d·y + ty. Each [n]. */
type Affine = { a: tf.Tensor; b: tf.Tensor; c: tf.Tensor; d: tf.Tensor; tx: tf.Tensor; ty: tf.Tensor };

/** A source of gated draws: with probability p the drawn value, else 0. */
type Draws = {
  uniform(amount: number): tf.Tensor1D;
  spread(amount: number): tf.Tensor1D;
  /** uniform integer in 0..count−1 */
  choice(count: number): tf.Tensor1D;
  rotation(degrees: number): tf.Tensor1D;
};

/** What all transforms together take of an image: a gate and a number each, the two shifts and two turns counted twice. */
const drawsMax = { uniform: 22, normal: 4 };

/** One block of numbers for all draws: each generator call is a hundred small ops. */
function createDraws(settings: AugmentSettings, n: number, p: tf.Scalar, seed: tf.Tensor1D): Draws {
  const isNormal = settings.distribution === 'normal';
  const uniforms = tf.unstack(statelessUniform([drawsMax.uniform, n], foldSeed(seed, 0)));
  const normals = isNormal ? tf.unstack(statelessNormal([drawsMax.normal, n], foldSeed(seed, 1))) : [];
  const next = () => uniforms.pop()!;
  const gate = (chance: tf.Tensor) => tf.cast(tf.less(next(), chance), 'float32');
  const symmetric = (amount: number) => tf.mul(tf.sub(next(), 0.5), 2 * amount);
  const uniform = (amount: number) => tf.mul(symmetric(amount), gate(p)) as tf.Tensor1D;
  const normal = (amount: number) => tf.mul(tf.mul(normals.pop()!, amount), gate(p)) as tf.Tensor1D;
  // Around an anisotropic scale there are two turns, that together happen with probability p; without one they would add up.
  const chanceOfTurn = settings.anisotropyLog2 > 0 ? tf.sub(1, tf.sqrt(tf.sub(1, p))) : p;
  return {
    uniform,
    spread: isNormal ? normal : uniform,
    choice: (count) => tf.mul(tf.floor(tf.mul(next(), count)), gate(p)) as tf.Tensor1D,
    rotation: (degrees) => tf.mul(symmetric((degrees * Math.PI) / 180), gate(chanceOfTurn)) as tf.Tensor1D,
  };
}

function identity(n: number): Affine {
  const [zero, one] = [tf.zeros([n]), tf.ones([n])];
  return { a: one, b: zero, c: zero, d: one, tx: zero, ty: zero };
}

function scaled(m: Affine, x: tf.Tensor, y: tf.Tensor): Affine {
  return { ...m, a: tf.mul(m.a, x), c: tf.mul(m.c, x), b: tf.mul(m.b, y), d: tf.mul(m.d, y) };
}

function turned(m: Affine, angle: tf.Tensor): Affine {
  const [cos, sin] = [tf.cos(angle), tf.sin(angle)];
  return {
    ...m,
    a: tf.add(tf.mul(m.a, cos), tf.mul(m.b, sin)),
    b: tf.sub(tf.mul(m.b, cos), tf.mul(m.a, sin)),
    c: tf.add(tf.mul(m.c, cos), tf.mul(m.d, sin)),
    d: tf.sub(tf.mul(m.d, cos), tf.mul(m.c, sin)),
  };
}

function shifted(m: Affine, x: tf.Tensor, y: tf.Tensor): Affine {
  return {
    ...m,
    tx: tf.add(m.tx, tf.add(tf.mul(m.a, x), tf.mul(m.b, y))),
    ty: tf.add(m.ty, tf.add(tf.mul(m.c, x), tf.mul(m.d, y))),
  };
}

const exp2 = (x: tf.Tensor) => tf.exp(tf.mul(x, Math.LN2));

/** All geometric transforms of an image as one affine map. */
function composeAffine(s: AugmentSettings, n: number, side: number, draws: Draws): Affine {
  let m = identity(n);
  if (s.flipX) m = scaled(m, tf.sub(1, tf.mul(draws.choice(2), 2)), tf.ones([n]));
  if (s.quarterTurns) m = turned(m, tf.mul(draws.choice(4), Math.PI / 2));
  if (s.scaleLog2 > 0) {
    const max = s.scaleLog2Max ?? Number.POSITIVE_INFINITY;
    const scale = exp2(tf.clipByValue(draws.spread(s.scaleLog2), -max, max));
    m = scaled(m, scale, scale);
  }
  if (s.rotationDegrees > 0) m = turned(m, draws.rotation(s.rotationDegrees));
  if (s.anisotropyLog2 > 0) {
    const scale = exp2(draws.spread(s.anisotropyLog2));
    m = scaled(m, scale, tf.reciprocal(scale));
    if (s.rotationDegrees > 0) m = turned(m, draws.rotation(s.rotationDegrees));
  }
  if (s.shift > 0) {
    const place = () => draws.uniform(s.shift * side);
    m = s.wholePixelShifts ? shifted(m, tf.round(place()), tf.round(place())) : shifted(m, place(), place());
  }
  return m;
}

function column(x: tf.Tensor, rank: number): tf.Tensor {
  return tf.reshape(x, [x.shape[0]!, ...Array.from({ length: rank - 1 }, () => 1)]);
}

function clampToImage(place: tf.Tensor, side: number): tf.Tensor {
  return tf.clipByValue(tf.add(place, (side - 1) / 2), 0, side - 1);
}

/** [n,side,side] interpolation weights of an axis: row i holds the bilinear weights of its source place. */
function band(scale: tf.Tensor, shift: tf.Tensor, side: number): tf.Tensor3D {
  const places = tf.range(-(side - 1) / 2, side / 2, 1);
  const source = clampToImage(tf.add(tf.mul(column(scale, 2), places), column(shift, 2)), side);
  const distance = tf.abs(tf.sub(tf.expandDims(source, 2), tf.range(0, side, 1)));
  return tf.relu(tf.sub(1, distance)) as tf.Tensor3D;
}

/** Scale and shift alone act on rows and columns apart: two banded matrix products. */
function warpSeparable(images: tf.Tensor4D, m: Affine): tf.Tensor4D {
  const [n, side] = images.shape;
  const rows = tf.matMul(band(m.d, m.ty, side), tf.reshape(images, [n, side, side]));
  return tf.reshape(tf.matMul(rows, band(m.a, m.tx, side), false, true), images.shape);
}

/** Bilinear sampling with the border repeated: four gathers with constant weights. */
function warpByGather(images: tf.Tensor4D, m: Affine): tf.Tensor4D {
  const [n, side] = images.shape;
  const places = tf.range(-(side - 1) / 2, side / 2, 1);
  const [x, y] = [tf.reshape(places, [1, 1, side]), tf.reshape(places, [1, side, 1])];
  const source = (p: tf.Tensor, q: tf.Tensor, t: tf.Tensor) =>
    clampToImage(tf.add(tf.add(tf.mul(column(p, 3), x), tf.mul(column(q, 3), y)), column(t, 3)), side);
  const [sx, sy] = [source(m.a, m.b, m.tx), source(m.c, m.d, m.ty)];
  const [x0, y0] = [tf.floor(sx), tf.floor(sy)];
  const [fx, fy] = [tf.sub(sx, x0), tf.sub(sy, y0)];
  const first = tf.reshape(tf.mul(tf.range(0, n, 1), side * side), [n, 1, 1]);
  const flat = tf.reshape(images, [n * side * side]);
  const corner = (dx: number, dy: number, weight: tf.Tensor) => {
    const column = tf.minimum(tf.add(x0, dx), side - 1);
    const row = tf.minimum(tf.add(y0, dy), side - 1);
    // float32 counts exactly to 2^24 = 256 images of 256²
    const index = tf.cast(tf.add(first, tf.add(tf.mul(row, side), column)), 'int32');
    const values = tf.gather(flat, tf.reshape(index, [n * side * side]));
    return tf.mul(tf.reshape(values, [n, side, side]), weight);
  };
  const [gx, gy] = [tf.sub(1, fx), tf.sub(1, fy)];
  const sum = tf.addN([
    corner(0, 0, tf.mul(gx, gy)),
    corner(1, 0, tf.mul(fx, gy)),
    corner(0, 1, tf.mul(gx, fy)),
    corner(1, 1, tf.mul(fx, fy)),
  ]);
  return tf.reshape(sum, images.shape);
}

function recolor(s: AugmentSettings, images: tf.Tensor4D, draws: Draws): tf.Tensor4D {
  let y: tf.Tensor = images;
  if (s.brightness > 0) y = tf.add(y, column(draws.spread(s.brightness), 4));
  if (s.contrastLog2 > 0) y = tf.mul(y, column(exp2(draws.spread(s.contrastLog2)), 4));
  if (s.lumaFlip) y = tf.mul(y, column(tf.sub(1, tf.mul(draws.choice(2), 2)), 4));
  return y as tf.Tensor4D;
}

/**
 * ADA (Karras et al. 2020, arXiv:2006.06676): each transform happens to each image with probability `p`, on reals and fakes
 * alike, so that the generator doesn't learn it. Differentiable in `images` [n,side,side,1]; `seed` int32[2].
 */
export function augment(
  s: AugmentSettings,
  images: tf.Tensor4D,
  p: tf.Scalar,
  seed: tf.Tensor1D,
): tf.Tensor4D {
  const [n, side] = images.shape;
  const draws = createDraws(s, n, p, seed);
  const affine = composeAffine(s, n, side, draws);
  const separable = s.rotationDegrees === 0 && !s.quarterTurns;
  return recolor(s, separable ? warpSeparable(images, affine) : warpByGather(images, affine), draws);
}
