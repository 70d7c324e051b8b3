import { type CompiledFunction, compile, tf } from '@synspine/compute';
import { type Architecture, initParameters, type Parameters, type TensorMap } from './architecture.ts';
import { isStatistic } from './batch-norm.ts';
import { toDevice } from './device-parameters.ts';
import type { Pretrained } from './pretrained.ts';
import type { Recipe } from './recipe.ts';

const BETA_1 = 0.9;
const EPSILON = 1e-8;

/** All that changes from step to step; it stays on the device. */
export type TrainingState = {
  parameters: TensorMap;
  /** Adam's moments (Kingma & Ba 2015). */
  first: TensorMap;
  second: TensorMap;
  /** Moving average of the parameters. */
  average: TensorMap;
};

export type Batch = {
  images: tf.Tensor4D; // [b, size, size, 1] in [−1, 1]
  targets: tf.Tensor2D; // [b, classes], rows sum to 1
  weights: tf.Tensor1D; // [b]
  learningRate: tf.Scalar;
  step: tf.Scalar; // from 1
};

type Step = CompiledFunction<[TrainingState, Batch], { state: TrainingState; loss: tf.Tensor }>;

/** One step of AdamW on the weighted cross-entropy, forward, backward and update in one TensorFlow function. */
export function compileStep(network: Architecture, recipe: Recipe, xla: boolean): Step {
  return compile<[TrainingState, Batch], { state: TrainingState; loss: tf.Tensor }>(
    (state, batch) => {
      const { loss, gradients } = differentiate(network, state.parameters, batch);
      return { state: update(state, gradients, batch, recipe), loss };
    },
    { name: `${network.id} training step`, xla },
  );
}

/** The state before the first step: fresh weights, or pretrained ones under a fresh head. Free it with `tf.dispose`. */
export function initState(
  network: Architecture,
  imageSize: number,
  classes: number,
  { seed, pretrained }: { seed: number; pretrained?: Pretrained | undefined },
): TrainingState {
  const fresh = initParameters(network.id, imageSize, classes, seed);
  const parameters = toDevice({ ...fresh, weights: underFreshHead(fresh.weights, pretrained) }, isTrained);
  const copy = (make: (t: tf.Tensor) => tf.Tensor) => mapTensors(parameters, make);
  return {
    parameters,
    first: copy((t) => tf.zerosLike(t)),
    second: copy((t) => tf.zerosLike(t)),
    average: copy((t) => tf.clone(t)),
  };
}

const isTrained = (name: string) => !isStatistic(name);

function underFreshHead(fresh: Parameters['weights'], pretrained: Pretrained | undefined) {
  const entries = Object.entries(fresh);
  return Object.fromEntries(
    entries.map(([name, values]) => [
      name,
      (!name.startsWith('head.') && pretrained?.weights[name]) || values,
    ]),
  );
}

function differentiate(network: Architecture, parameters: TensorMap, batch: Batch) {
  const names = Object.keys(parameters);
  const logits = network.trainingLogits ?? network.logits;
  const lossOf = (...values: tf.Tensor[]) => {
    const named = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    return crossEntropy(logits(named, batch.images), batch);
  };
  const { value, grads } = tf.valueAndGrads(lossOf)(names.map((name) => parameters[name]!));
  return { loss: value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
}

/** mean over b of weight · −Σ target · log softmax(logits) */
function crossEntropy(logits: tf.Tensor2D, { targets, weights }: Batch): tf.Scalar {
  const perImage = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)); // [b]
  return tf.mean(tf.mul(perImage, weights));
}

function update(state: TrainingState, gradients: TensorMap, batch: Batch, recipe: Recipe): TrainingState {
  const { learningRate, step } = batch;
  const blend = (old: tf.Tensor, fresh: tf.Tensor, keep: number) =>
    tf.add(tf.mul(old, keep), tf.mul(fresh, 1 - keep));
  const first = mapTensors(state.first, (m, name) => blend(m, gradients[name]!, BETA_1));
  const second = mapTensors(state.second, (v, name) => blend(v, tf.square(gradients[name]!), recipe.beta2));
  const correct = (moment: tf.Tensor, beta: number) => tf.div(moment, tf.sub(1, tf.pow(beta, step)));
  const parameters = mapTensors(state.parameters, (p, name) => {
    const root = tf.sqrt(correct(second[name]!, recipe.beta2));
    const move = tf.div(correct(first[name]!, BETA_1), tf.add(root, EPSILON));
    const decay = name.endsWith('.weight') ? recipe.weightDecay : 0;
    return tf.sub(p, tf.mul(tf.add(move, tf.mul(p, decay)), learningRate));
  });
  const keep = tf.minimum(recipe.averageDecay, tf.div(step, tf.add(step, 10)));
  const average = mapTensors(state.average, (a, name) =>
    tf.add(tf.mul(a, keep), tf.mul(parameters[name]!, tf.sub(1, keep))),
  );
  return { parameters, first, second, average };
}

function mapTensors(map: TensorMap, change: (tensor: tf.Tensor, name: string) => tf.Tensor): TensorMap {
  return Object.fromEntries(Object.entries(map).map(([name, tensor]) => [name, change(tensor, name)]));
}
