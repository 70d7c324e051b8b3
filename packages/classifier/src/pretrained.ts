import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cacheDir, readSafetensors, type StoredTensor } from '@synspine/compute';
import { efficientnetPath } from '../setup/weights-path.mjs';
import { type ArchitectureId, architectureOf } from './architecture.ts';
import { ClassifierError } from './classifier-error.ts';
import { torchName, torchShape, toTensorflowOrder } from './torchvision-layout.ts';

/** Classes of ImageNet, which the published files have. */
const IMAGENET_CLASSES = 1000;

/** A network trained on photographs, to start from: all weights by name, the head for ImageNet's classes included. */
export type Pretrained = { architecture: ArchitectureId; weights: Readonly<Record<string, Float32Array>> };

/**
 * Weights trained on ImageNet. EfficientNet-Lite0's are in the cache after set-up. DenseNet-121's are in no package
 * registry: `path` names a safetensors file with torchvision's names. The file may come from anywhere: exactly these
 * names and shapes are read, and finite numbers. Throws `NO_PRETRAINED`, or compute's typed refusals.
 */
export function loadPretrained(architecture: ArchitectureId, path?: string): Pretrained {
  if (architecture === 'efficientnet-lite0')
    return { architecture, weights: readOurs(architecture, path ?? efficientnetPath(cacheDir())) };
  if (architecture === 'densenet-121' && path)
    return { architecture, weights: readTorchvision(architecture, path) };
  throw new ClassifierError('NO_PRETRAINED', architecture);
}

/** What comes with the set-up for this network; undefined where it starts from random weights. Throws `NO_PRETRAINED`. */
export function installedPretrained(architecture: ArchitectureId): Pretrained | undefined {
  return architecture === 'efficientnet-lite0' ? loadPretrained(architecture) : undefined;
}

/** Names the weights a network starts from: SHA-256 over each tensor's name and float32 values, in the order of the names. */
export function pretrainedSha256({ weights }: Pretrained): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(weights).sort()) {
    const { buffer, byteOffset, byteLength } = weights[name]!;
    hash.update(`${name}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

function readFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch {
    throw new ClassifierError('NO_PRETRAINED'); // the path may name a person's folder
  }
}

function readOurs(architecture: ArchitectureId, path: string): Record<string, Float32Array> {
  const expected = architectureOf(architecture).shapes(224, IMAGENET_CLASSES);
  const stored = readSafetensors(readFile(path), expected);
  return Object.fromEntries(Object.keys(expected).map((name) => [name, stored.get(name)!.data]));
}

function readTorchvision(architecture: ArchitectureId, path: string): Record<string, Float32Array> {
  const shapes = Object.entries(architectureOf(architecture).shapes(224, IMAGENET_CLASSES));
  const expected = Object.fromEntries(shapes.map(([name, shape]) => [torchName(name), torchShape(shape)]));
  return fromTorchvision(readSafetensors(readFile(path), expected), shapes);
}

/** torchvision's tensors under our names, in TensorFlow's order of axes. */
export function fromTorchvision(
  stored: ReadonlyMap<string, Pick<StoredTensor, 'data'>>,
  shapes: readonly (readonly [name: string, shape: readonly number[]])[],
): Record<string, Float32Array> {
  return Object.fromEntries(
    shapes.map(([name, shape]) => [name, toTensorflowOrder(stored.get(torchName(name))!.data, shape)]),
  );
}
