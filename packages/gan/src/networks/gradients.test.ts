import { firFilter, initCompute, tf } from '@synspine/compute';
import { beforeAll, test } from 'vitest';
import {
  type Arguments,
  expectBelow,
  firstOrderErrors,
  type Op,
  secondOrderErrors,
  wave,
} from '../gradient-check.fixture.ts';
import { flatten, initParameters, type ParameterSpec, unflatten } from '../parameters.ts';
import { tinyPreset } from '../test-data.ts';
import { appendMinibatchStd, discriminate, discriminatorSpecs } from './discriminator.ts';
import { generatorSpecs, repeatStyle, synthesize } from './generator.ts';
import { convDoubled, convDown, dense, modulatedConv, normalizeMoment, toGray } from './layers.ts';
import { downsample, upsample } from './resample.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const image = (phase: number, [b, side, channels] = [2, 4, 3]) => wave([b!, side!, side!, channels!], phase);

/** Far from 0 and of both signs, so that no activation crosses the kink of leaky ReLU within a finite difference. */
const farBias = (size: number) => tf.tensor1d(Array.from({ length: size }, (_, i) => (i % 2 === 0 ? 5 : -5)));

const modulated = (phase: number, outputs: number): Arguments => ({
  x: image(phase),
  style: wave([2, 2], phase + 1),
  'c.weight': wave([3, 3, 3, outputs], phase + 2),
  'c.bias': farBias(outputs),
  'c.affine.weight': wave([2, 3], phase + 3),
  'c.affine.bias': tf.add(wave([3], phase + 4), 1),
});

const x4 = (args: Arguments) => args.x as tf.Tensor4D;
const style = (args: Arguments) => args.style as tf.Tensor2D;
const resampling = ['box', 'fir'] as const;

const ops: [string, Op, () => Arguments][] = [
  [
    'dense',
    (a) => dense(a, 'c', a.x as tf.Tensor2D, 0.5),
    () => ({ x: wave([3, 4], 1), 'c.weight': wave([4, 2], 2), 'c.bias': wave([2], 3) }),
  ],
  ['normalizeMoment', (a) => normalizeMoment(a.x as tf.Tensor2D), () => ({ x: wave([3, 5], 4) })],
  [
    'convDoubled',
    (a) => convDoubled(x4(a), a.weight as tf.Tensor4D),
    () => ({ x: image(5), weight: wave([3, 3, 3, 2], 6) }),
  ],
  [
    'toGray',
    (a) => toGray(a, 'c', x4(a), style(a)),
    () => ({ ...modulated(10, 1), 'c.weight': wave([1, 1, 3, 1], 15), 'c.bias': wave([1], 16) }),
  ],
  [
    'minibatch deviation in one part',
    (a) => appendMinibatchStd(x4(a), 4, 1),
    () => ({ x: image(20, [8, 2, 2]) }),
  ],
  [
    'minibatch deviation in two parts',
    (a) => appendMinibatchStd(x4(a), 2, 2),
    () => ({ x: image(21, [8, 2, 2]) }),
  ],
  ['firFilter', (a) => firFilter(x4(a), 2, 1), () => ({ x: image(22, [2, 5, 2]) })],
  ['firFilter with a gain', (a) => firFilter(x4(a), 1, 2), () => ({ x: image(23, [2, 5, 2]) })],
  ...resampling.flatMap((kind): [string, Op, () => Arguments][] => [
    [`upsample by ${kind}`, (a) => upsample(x4(a), kind), () => ({ x: image(24) })],
    [`downsample by ${kind}`, (a) => downsample(x4(a), kind), () => ({ x: image(25) })],
    [
      `convDown by ${kind}`,
      (a) => convDown(a, 'c', x4(a), kind),
      () => ({ x: image(26), 'c.weight': wave([3, 3, 3, 2], 27) }),
    ],
    [
      `modulated convolution up by ${kind}`,
      (a) => modulatedConv(a, 'c', x4(a), style(a), kind),
      () => modulated(30, 2),
    ],
  ]),
  ['modulated convolution', (a) => modulatedConv(a, 'c', x4(a), style(a), null), () => modulated(40, 4)],
];

test.each(ops)('%s: gradients are those of finite differences', (_, op, args) => {
  expectBelow(firstOrderErrors(op, args()), 1e-3);
});

test.each(ops)('%s: second-order gradients are those of finite differences', (_, op, args) => {
  expectBelow(secondOrderErrors(op, args()), 3e-3);
});

/** Parameters with biases so far from 0 that no unit of the net crosses its kink: a penalty jumps there, and has no difference. */
function withoutKinks(
  specs: ParameterSpec[],
  change: (name: string, x: tf.Tensor) => tf.Tensor,
): tf.Tensor1D {
  const parameters = unflatten(specs, initParameters(specs, tf.tensor1d([3, 4], 'int32')));
  return flatten(
    specs,
    Object.entries(parameters).map(([name, x]) => change(name, x)),
  );
}

test.each(resampling)('%s: a whole generator has the path length gradient of finite differences', (kind) => {
  const preset = { ...tinyPreset, resampling: kind };
  const specs = generatorSpecs(preset, 2);
  const parameters = withoutKinks(specs, (name, x) => {
    if (!name.endsWith('conv0.bias')) return x;
    return tf.mul(farBias(x.size), name.includes('.8.') ? 8 : 1); // the second block's input is the first's bias
  });
  const op: Op = (a) =>
    synthesize(preset, unflatten(specs, a.parameters as tf.Tensor1D), repeatStyle(preset, style(a)));
  const args = { parameters, style: wave([2, preset.styleDim], 60) };
  expectBelow(firstOrderErrors(op, args), 1e-3);
  expectBelow(secondOrderErrors(op, args), 1e-3);
});

test.each(resampling)('%s: a whole discriminator has the R1 gradient of finite differences', (kind) => {
  const preset = { ...tinyPreset, discriminatorResampling: kind };
  const specs = discriminatorSpecs(preset, 2);
  const parameters = withoutKinks(specs, (name, x) => {
    const isLast = /^(4|out|label)/.test(name);
    if (!name.endsWith('.bias')) return isLast ? x : tf.mul(x, 0.2);
    return tf.mul(farBias(x.size), name.startsWith('out') ? 0.02 : name.startsWith('4') ? 1 : 1 / 3);
  });
  const label = tf.tensor2d([1, 0, 0, 1, 1, 0, 0, 1], [4, 2]);
  const op: Op = (a) => discriminate(preset, unflatten(specs, a.parameters as tf.Tensor1D), x4(a), label);
  const args = { parameters, x: image(50, [4, 8, 1]) };
  // The far biases cost digits: the image moves the logits little.
  expectBelow(firstOrderErrors(op, args), 5e-2);
  expectBelow(secondOrderErrors(op, args), 5e-2);
});
