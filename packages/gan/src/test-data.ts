import type { AugmentSettings } from './augment.ts';
import { type GanPreset, presets } from './presets.ts';

/** Every transform at strength 1, each with the amount 0. */
export const noAugment: AugmentSettings = {
  policy: { mode: 'fixed', p: 1 },
  distribution: 'uniform',
  shift: 0,
  wholePixelShifts: false,
  scaleLog2: 0,
  anisotropyLog2: 0,
  rotationDegrees: 0,
  brightness: 0,
  contrastLog2: 0,
  flipX: false,
  quarterTurns: false,
  lumaFlip: false,
};

/** A net small enough to train in a unit test. */
export const tinyPreset: GanPreset = {
  ...presets['demo-32'],
  name: 'tiny-8',
  resolution: 8,
  latentDim: 8,
  styleDim: 8,
  channelBase: 64,
  channelMax: 8,
  batch: 8,
  styleMixing: 0.9,
  r1: { gamma: 0.1, interval: 4 },
};

/** `n` images of two classes: bright on the left, bright on the right, with a little noise of its own per image. */
export function twoSides(n: number, size: number): { images: Uint8Array; labels: Uint8Array } {
  const labels = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const images = Uint8Array.from({ length: n * size * size }, (_, at) => {
    const index = Math.floor(at / (size * size));
    const left = at % size < size / 2;
    return (left === (labels[index] === 0) ? 200 : 50) + ((index * 7 + at * 3) % 11);
  });
  return { images, labels };
}
