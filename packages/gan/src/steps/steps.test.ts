import { readFileSync } from 'node:fs';
import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import type { DomainJudge } from '../judge.ts';
import { biasCorrections } from '../optimizer.ts';
import { countParameters } from '../parameters.ts';
import type { GanPreset } from '../presets.ts';
import { noAugment, tinyPreset } from '../test-data.ts';
import { createDiscriminatorStep, createR1Step } from './discriminator-step.ts';
import { createGeneratorStep, createPathLengthStep } from './generator-step.ts';
import { describeNetworks, type Networks } from './networks.ts';

/* One update of each phase against PyTorch's, in float64 from the same numbers: see packages/gan/reference/steps.py. */

type Arrays = Record<string, string>;
const reference = JSON.parse(
  readFileSync(new URL('../../reference/steps.json', import.meta.url), 'utf8'),
) as {
  classes: number;
  preset: Omit<GanPreset, 'loss' | 'augment' | 'ema' | 'judge'>;
  seed: [number, number];
  updates: number;
  averageWeight: number;
  lambda: number;
  pathMean: number;
  inputs: Arrays;
  phases: Record<string, Arrays>;
};

const decode = (base64: string) => {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const vector = (name: string) => tf.tensor1d(decode(reference.inputs[name]!));
const { classes } = reference;

beforeAll(() => {
  initCompute({ threads: 2 });
});

type Loss = GanPreset['loss'];
const networksOf = (loss: Loss, halves: boolean): Networks => {
  const preset: GanPreset = { ...tinyPreset, ...reference.preset, loss, augment: noAugment };
  return { ...describeNetworks(preset, classes, false), halves };
};
const side = (name: 'generator' | 'discriminator') => ({
  parameters: vector(name),
  moments: { second: vector(`${name}.second`), first: vector(`${name}.first`) },
});
const batch = () => ({
  images: vector('images').reshape([8, 8, 8, 1]) as tf.Tensor4D,
  label: vector('label').reshape([8, classes]) as tf.Tensor2D,
});
const augmentState = () => tf.tensor1d([1, 0]);
const seed = () => tf.tensor1d(reference.seed, 'int32');
const corrections = (adam: Networks['generatorAdam']) =>
  tf.tensor1d(biasCorrections(adam, reference.updates));

const judge: DomainJudge = {
  parameters: {},
  logits: (p, images) => tf.matMul(tf.reshape(images, [8, 64]), p.weight!) as tf.Tensor2D,
};

/** Each phase's results by the names that the reference gives them. */
const phases = {
  discriminator(n: Networks) {
    const controls = { corrections: corrections(n.discriminatorAdam), augmentDue: tf.scalar(0) };
    const step = createDiscriminatorStep(n, {});
    const sides = { trained: side('discriminator'), generator: vector('generator'), augment: augmentState() };
    const { trained, stats } = step({ ...sides, ...controls }, batch(), seed());
    step.dispose();
    return { parameters: trained.parameters, ...trained.moments, stats };
  },
  r1(n: Networks) {
    const step = createR1Step(n, {});
    const sides = { trained: side('discriminator'), generator: vector('generator'), augment: augmentState() };
    const fixed = { ...sides, corrections: corrections(n.discriminatorAdam) };
    const { trained, penalties } = step(fixed, batch(), seed());
    step.dispose();
    return { parameters: trained.parameters, ...trained.moments, stats: penalties };
  },
  generator(n: Networks, judged: boolean) {
    const step = createGeneratorStep(n, judged ? judge : null, {});
    const start = {
      ...side('generator'),
      average: tf.add(vector('generator'), 1) as tf.Tensor1D,
      styleAverage: vector('styleAverage').reshape([classes, n.preset.styleDim]) as tf.Tensor2D,
    };
    const controls = {
      corrections: corrections(n.generatorAdam),
      averageWeight: tf.scalar(reference.averageWeight),
      lambda: tf.scalar(reference.lambda),
    };
    const weight = vector('judge').reshape([64, classes]);
    const fixed = { side: start, discriminator: vector('discriminator'), augment: augmentState() };
    const result = step({ ...fixed, judge: judged ? { weight } : {}, ...controls }, batch(), seed());
    step.dispose();
    const { parameters, moments, average, styleAverage } = result.side;
    return { parameters, ...moments, average, styleAverage, stats: result.stats };
  },
  pathLength(n: Networks) {
    const step = createPathLengthStep(n, {});
    const label = tf.slice(batch().label, [0, 0], [4, classes]);
    const result = step(
      side('generator'),
      tf.scalar(reference.pathMean),
      label,
      seed(),
      corrections(n.generatorAdam),
    );
    step.dispose();
    const stats = tf.stack([result.mean, result.penalty]);
    return { parameters: result.trained.parameters, ...result.trained.moments, stats };
  },
};

const cases: [string, Loss, (n: Networks) => Record<string, tf.Tensor>][] = [
  ['discriminator, logistic', 'logistic', phases.discriminator],
  ['discriminator, relativistic', 'relativistic', phases.discriminator],
  ['R1, logistic', 'logistic', phases.r1],
  ['R1 and R2, relativistic', 'relativistic', phases.r1],
  ['generator, logistic', 'logistic', (n) => phases.generator(n, false)],
  ['generator, relativistic', 'relativistic', (n) => phases.generator(n, false)],
  ['generator with judge, logistic', 'logistic', (n) => phases.generator(n, true)],
  ['generator with judge, relativistic', 'relativistic', (n) => phases.generator(n, true)],
  ['path length', 'logistic', phases.pathLength],
];

test('the reference has as many parameters as our networks, and every phase is compared', () => {
  const n = networksOf('logistic', false);
  expect(decode(reference.inputs.generator!)).toHaveLength(countParameters(n.generator));
  expect(decode(reference.inputs.discriminator!)).toHaveLength(countParameters(n.discriminator));
  expect(cases.map(([name]) => name)).toEqual(Object.keys(reference.phases));
});

/** Largest difference of a value, in parts of that value where it is above 1: weights are near 1, or near 100. */
function weightError(ours: ArrayLike<number>, theirs: Float32Array): number {
  return Math.max(...theirs.map((v, i) => Math.abs(v - ours[i]!) / Math.max(1, Math.abs(v))));
}

/** Largest difference in parts of the largest value: of gradients, small as they are. */
function gradientError(ours: ArrayLike<number>, theirs: Float32Array): number {
  return Math.max(...theirs.map((v, i) => Math.abs(v - ours[i]!))) / Math.max(...theirs.map(Math.abs));
}

const isWeight = (name: string) => ['parameters', 'average', 'styleAverage'].includes(name);

test.each(
  cases.flatMap(([name, ...rest]) => [false, true].map((halves) => [name, halves, ...rest] as const)),
)(
  '%s (in halves: %s): weights, moments and losses after one update are those of PyTorch',
  (name, halves, loss, run) => {
    const results = run(networksOf(loss, halves));
    const expected = reference.phases[name]!;
    expect(Object.keys(results).sort()).toEqual(Object.keys(expected).sort());
    for (const [key, tensor] of Object.entries(results)) {
      const [ours, theirs] = [tensor.dataSync(), decode(expected[key]!)];
      expect(ours).toHaveLength(theirs.length);
      const e = (isWeight(key) ? weightError : gradientError)(ours, theirs);

      expect(e, key).toBeLessThan(1e-5);
    }
  },
);

test.each([2])('R1 on %s parts of a batch, one after the other, is that on the whole', (parts) => {
  const { parameters, first }: Record<string, tf.Tensor> = phases.r1({
    ...networksOf('logistic', false),
    parts,
  });
  const expected = reference.phases['R1, logistic']!;
  expect(weightError(parameters!.dataSync(), decode(expected.parameters!))).toBeLessThan(1e-5);
  expect(gradientError(first!.dataSync(), decode(expected.first!))).toBeLessThan(1e-5);
});
