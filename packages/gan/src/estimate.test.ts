import { expect, test } from 'vitest';
import { createPool, drawBalanced } from './batches.ts';
import { estimateSecondsLeft, gflopPerImage, imagesToShow, planTraining } from './estimate.ts';
import { presets } from './presets.ts';

test('an image of paper-256 costs about 399 GFLOP, the figure published for that network', () => {
  const gflop = gflopPerImage(presets['paper-256'], 2);
  expect(gflop).toBeGreaterThan(399 * 0.8);
  expect(gflop).toBeLessThan(399 * 1.2);
});

test('the relativistic loss costs a look at the reals and a second penalty', () => {
  const gflopOf = (loss: 'logistic' | 'relativistic', interval: number) =>
    gflopPerImage({ ...presets['demo-32'], loss, r1: { gamma: 1, interval } }, 2);
  const rare = gflopOf('relativistic', 1e9) / gflopOf('logistic', 1e9);
  expect(rare).toBeGreaterThan(1); // one more of some twelve passes
  expect(rare).toBeLessThan(1.15);
  const often = gflopOf('relativistic', 1) - gflopOf('relativistic', 1e9);
  expect(often / (gflopOf('logistic', 1) - gflopOf('logistic', 1e9))).toBeGreaterThan(2);
});

test('path length costs about 6 % where a preset has it', () => {
  const preset = presets['paper-256'];
  const more = gflopPerImage(preset, 2) / gflopPerImage({ ...preset, pathLength: null }, 2) - 1;
  expect(more).toBeGreaterThan(0.04);
  expect(more).toBeLessThan(0.08);
});

test('paper-256 is refused on a CPU and fits an A100', () => {
  const [cpu, gpu] = [{ kind: 'cpu', cores: 64 } as const, { kind: 'a100' } as const].map((device) =>
    planTraining(presets['paper-256'], { classCount: 2, device }),
  );
  expect(cpu!.verdict).toBe('too-large-for-cpu');
  expect(gpu!.verdict).toBe('fits');
});

test('the hours on an A100 that a preset states agree with the plan within a factor of 1.5', () => {
  for (const preset of Object.values(presets)) {
    if (preset.resolution < 256) continue; // small nets are bound by launches, not by arithmetic
    const hours = planTraining(preset, { classCount: 2, device: { kind: 'a100' } }).seconds / 3600;
    expect(preset.expectedHoursA100 / hours).toBeGreaterThan(1 / 1.5);
    expect(preset.expectedHoursA100 / hours).toBeLessThan(1.5);
  }
});

test('demo-32 fits two cores', () => {
  const plan = planTraining(presets['demo-32'], { classCount: 2, device: { kind: 'cpu', cores: 2 } });
  expect(plan.verdict).toBe('fits');
  expect(plan.seconds).toBeLessThan(360);
});

test('time left follows the measured pace and not what was done before a resume', () => {
  expect(
    estimateSecondsLeft({ imagesAtStart: 500, imagesShown: 600, imagesTotal: 1000, secondsElapsed: 10 }),
  ).toBe(40);
  expect(
    estimateSecondsLeft({ imagesAtStart: 500, imagesShown: 500, imagesTotal: 1000, secondsElapsed: 3 }),
  ).toBeNull();
});

test('a small training set is shown less, a large one as the preset says', () => {
  const preset = { ...presets['demo-32'], imagesShown: 20_000, passesMax: 100 };
  expect(imagesToShow(preset, [99, 99])).toBe(19_800);
  expect(imagesToShow(preset, [101, 101])).toBe(20_000);
});

test('no film of a rare class is shown more often than the preset allows', () => {
  const preset = { ...presets['demo-32'], imagesShown: 1e6, passesMax: 50 };
  const labels = Uint8Array.from([...Array(60).fill(0), ...Array(30).fill(1), ...Array(12).fill(2)]);
  const images = new Uint8Array(labels.length * 64);
  const pool = createPool({ images, labels }, 8, 3);
  const shown = imagesToShow(preset, [60, 30, 12]);
  const times = new Map<number, number>();
  for (let step = 0; step < shown / preset.batch; step++) {
    for (const film of drawBalanced(pool, preset.batch, 1, 2, step))
      times.set(film, (times.get(film) ?? 0) + 1);
  }
  const ofRarest = [...times].filter(([film]) => labels[film] === 2).map(([, count]) => count);
  const mean = ofRarest.reduce((sum, count) => sum + count, 0) / 12;
  expect(mean).toBeLessThanOrEqual(1.02 * preset.passesMax);
  expect(mean).toBeGreaterThan(0.95 * preset.passesMax);
});
