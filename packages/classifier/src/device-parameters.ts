import { tf } from '@synspine/compute';
import { architectureOf, type Parameters, type TensorMap } from './architecture.ts';

/** Copies weights to the device, or those with a name that is `wanted`. The caller frees them with `tf.dispose`. */
export function toDevice(
  parameters: Parameters,
  wanted: (name: string) => boolean = () => true,
): Record<string, tf.Tensor> {
  const { architecture, imageSize, classes, weights } = parameters;
  const shapes = Object.entries(architectureOf(architecture).shapes(imageSize, classes));
  return Object.fromEntries(
    shapes
      .filter(([name]) => wanted(name))
      .map(([name, shape]) => [name, tf.tensor(weights[name]!, shape, 'float32')]),
  );
}

/** Copies weights from the device. */
export function fromDevice(tensors: TensorMap): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync<'float32'>().slice()]),
  );
}
