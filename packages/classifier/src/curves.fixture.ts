import { seededNormal, seededRandom } from '@synspine/compute';
import type { LabelledImages } from './train-classifier.ts';

/** Bright columns on a dark ground, straight (0) or bent (1), with noise and random exposure: a toy of the real task. */
export function drawCurves(count: number, size: number, seed: number): LabelledImages & { labels: number[] } {
  const random = seededRandom(seed);
  const images = new Uint8Array(count * size * size);
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  for (const [i, label] of labels.entries()) {
    const bend = (label ? 0.16 : 0.03) * size * (random() < 0.5 ? -1 : 1);
    const middle = size / 2 + seededNormal(random) * size * 0.06;
    const [dark, light] = [20 + random() * 40, 120 + random() * 100];
    for (let y = 0; y < size; y++) {
      const axis = middle + bend * Math.sin((Math.PI * y) / size) - bend / 2;
      for (let x = 0; x < size; x++) {
        const bright = Math.exp(-(((x - axis) / (size * 0.08)) ** 2));
        const value = dark + (light - dark) * bright + seededNormal(random) * 12;
        images[(i * size + y) * size + x] = Math.min(255, Math.max(0, value));
      }
    }
  }
  return { images, labels };
}
