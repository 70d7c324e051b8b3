import { compressBlocks } from './compress-blocks.ts';
import { posed } from './plane.ts';

/**
 * A disguised copy of a film, for the positive control: moved by up to ±4/256 of its side, turned by up to ±5°, gamma between
 * e^−0.3 and e^0.3, JPEG's quantisation at quality 60–90, and mirrored half of the time.
 */
export function alterFilm(film: Uint8Array, size: number, random: () => number): Uint8Array {
  const within = (limit: number) => (2 * random() - 1) * limit;
  const pose = {
    dx: within((4 * size) / 256),
    dy: within((4 * size) / 256),
    degrees: within(5),
    flip: random() < 0.5,
  };
  const gamma = Math.exp(within(0.3));
  const quality = 60 + 30 * random();
  const moved = posed({ values: Float32Array.from(film), size }, pose);
  const exposed = moved.map((value) => 255 * (value / 255) ** gamma);
  return Uint8Array.from(compressBlocks(exposed, size, quality), (value) =>
    Math.min(255, Math.max(0, Math.round(value))),
  );
}
