import { readSafetensors, writeSafetensors } from '@synspine/compute';
import { type ArchitectureId, architectureOf, type Parameters } from './architecture.ts';
import { ClassifierError } from './classifier-error.ts';

/** What a reader must know beforehand, from a signed descriptor: the file itself can't say what it is. */
export type EnsembleDescription = {
  architecture: string;
  imageSize: number;
  classes: number;
  /** Members of the ensemble. */
  seeds: number;
};

/** Writes an ensemble as one safetensors file; a member's tensors are named `0/head.bias`, `1/head.bias`, … */
export function encodeClassifier(ensemble: Parameters | readonly Parameters[]): Uint8Array {
  const members = [ensemble].flat() as Parameters[];
  const { architecture, imageSize, classes } = members[0]!;
  const shapes = expectedShapes({ architecture, imageSize, classes, seeds: members.length });
  const tensors = Object.entries(shapes).map(([key, shape]) => {
    const [member, name] = splitKey(key);
    const data = members[member]!.weights[name];
    if (!data) throw new ClassifierError('SHAPE_MISMATCH', 'members of different architectures');
    return [key, { shape, data }] as const;
  });
  return writeSafetensors(Object.fromEntries(tensors));
}

/**
 * Reads an ensemble from outside, trusting nothing in it: exactly the architecture's names and shapes, finite numbers.
 * Throws `UNKNOWN_ARCHITECTURE`, `SIZE_UNSUPPORTED` or compute's typed refusals (`NAMES_UNEXPECTED`, …).
 */
export function decodeClassifier(bytes: Uint8Array, description: EnsembleDescription): Parameters[] {
  const { id } = architectureOf(description.architecture);
  const stored = readSafetensors(bytes, expectedShapes(description));
  return Array.from({ length: description.seeds }, (_, member) => {
    const names = Object.keys(shapesOf(description));
    const weights = Object.fromEntries(names.map((name) => [name, stored.get(`${member}/${name}`)!.data]));
    const architecture: ArchitectureId = id;
    return { architecture, imageSize: description.imageSize, classes: description.classes, weights };
  });
}

const shapesOf = ({ architecture, imageSize, classes }: EnsembleDescription) =>
  architectureOf(architecture).shapes(imageSize, classes);

function expectedShapes(description: EnsembleDescription): Record<string, number[]> {
  const members = Array.from({ length: description.seeds }, (_, member) =>
    Object.entries(shapesOf(description)).map(([name, shape]) => [`${member}/${name}`, shape] as const),
  );
  return Object.fromEntries(members.flat());
}

function splitKey(key: string): [member: number, name: string] {
  const slash = key.indexOf('/');
  return [Number(key.slice(0, slash)), key.slice(slash + 1)];
}
