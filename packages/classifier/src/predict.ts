import { tf } from '@synspine/compute';
import { architectureOf, type Parameters, type TensorMap } from './architecture.ts';
import { ClassifierError } from './classifier-error.ts';
import { toDevice } from './device-parameters.ts';

/**
 * Class probabilities of 8-bit images, row-major [n, classes]. An ensemble answers the mean of its members'.
 * `images` is n·size·size bytes. Throws `SHAPE_MISMATCH`.
 */
export function predict(ensemble: Parameters | readonly Parameters[], images: Uint8Array): Float32Array {
  const members = [ensemble].flat() as Parameters[];
  const { imageSize, classes } = members[0]!;
  const count = images.length / imageSize ** 2;
  if (!Number.isInteger(count)) throw new ClassifierError('SHAPE_MISMATCH', `images of ${imageSize} px`);
  const mean = new Float32Array(count * classes);
  for (const member of members) {
    const tensors = toDevice(member);
    const one = predictOnDevice(member, tensors, images);
    tf.dispose(tensors);
    for (let i = 0; i < mean.length; i++) mean[i]! += one[i]! / members.length;
  }
  return mean;
}

type Network = Pick<Parameters, 'architecture' | 'imageSize' | 'classes'>;

/** As {@link predict}, for one network whose weights are on the device already. */
export function predictOnDevice(network: Network, tensors: TensorMap, images: Uint8Array): Float32Array {
  const { batch: step, logits } = architectureOf(network.architecture);
  const pixels = network.imageSize ** 2;
  const count = images.length / pixels;
  const out = new Float32Array(count * network.classes);
  for (let start = 0; start < count; start += step) {
    const batch = images.subarray(start * pixels, Math.min(count, start + step) * pixels);
    const probabilities = tf.tidy(() =>
      tf.softmax(logits(tensors, toImages(batch, network.imageSize))).dataSync<'float32'>(),
    );
    out.set(probabilities, start * network.classes);
  }
  return out;
}

/** 8-bit images as the networks and the GAN exchange them: [n, size, size, 1] in [−1, 1]. */
export function toImages(bytes: Uint8Array, size: number): tf.Tensor4D {
  const values = Float32Array.from(bytes, (byte) => byte / 127.5 - 1);
  return tf.tensor4d(values, [bytes.length / size ** 2, size, size, 1]);
}
