import { encodeClassifier, RECIPES, trainClassifier } from '@synspine/classifier';
import { initCompute, seededRandom } from '@synspine/compute';
import type { ClassifierTraining } from '@synspine/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainAlike } from './train-real.ts';

beforeAll(() => void initCompute({ threads: 1 }));

const SIZE = 16;
/** Noise, brighter in the upper half (normal) or the lower (abnormal). */
function draw(count: number, seed: number) {
  const random = seededRandom(seed);
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const images = Uint8Array.from({ length: count * SIZE ** 2 }, (_, at) => {
    const isLower = at % SIZE ** 2 >= SIZE ** 2 / 2;
    const isAbnormal = labels[Math.floor(at / SIZE ** 2)] === 1;
    return 60 * random() + (isLower === isAbnormal ? 120 : 0);
  });
  return { images, labels };
}
const sets = { training: draw(40, 1), validation: draw(20, 2) };
const training: ClassifierTraining = {
  architecture: 'small-cnn',
  imageSize: SIZE,
  recipe: { name: 'paper', version: 1 },
  steps: 4,
  seeds: [5, 9],
  pretrainedSha256: null,
};
const { signal } = new AbortController();

describe('a site’s own classifier', () => {
  it('has the recipe, steps and seeds of the benchmark’s descriptor, and not the default ones', async () => {
    const ensemble = await trainAlike(sets, training, signal);
    const same = { ...sets, size: SIZE, classes: 2, steps: 4, recipe: RECIPES.paper };
    const expected = [
      await trainClassifier({ ...same, seed: 5 }),
      await trainClassifier({ ...same, seed: 9 }),
    ];
    const parameters = expected.map((trained) => trained.parameters);
    expect(Buffer.from(encodeClassifier(ensemble))).toEqual(Buffer.from(encodeClassifier(parameters)));
  });

  it.each<[string, Partial<ClassifierTraining>]>([
    ['recipe', { recipe: { name: 'other', version: 1 } }],
    ['version of a recipe', { recipe: { name: 'paper', version: 2 } }],
    ['start', { architecture: 'small-cnn', pretrainedSha256: 'a'.repeat(64) }],
  ])('isn’t trained at all by a %s that this agent has not', async (_, change) => {
    await expect(trainAlike(sets, { ...training, ...change }, signal)).rejects.toMatchObject({
      code: 'UNKNOWN_RECIPE',
    });
  });
});
