import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { drawFilms, type Films, readFilms, splitByPatient } from '../films.ts';
import type { ProofContext } from '../proof.ts';
import { ensurePython } from './ensure-python.mjs';

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), 'plant_copies.py');
const PHANTOMS = 200;

export type Division = { train: Films; heldOut: Films; strangers: Films };

const read = new Map<string, Promise<Films>>();

/**
 * Training films, held-out films and strangers of other patients: about a quarter, a quarter and a half of the patients. A quick proof
 * takes phantoms, as reading films takes longer than all else.
 */
export async function divide(context: ProofContext, size: number, seed: number): Promise<Division> {
  const films = context.size === 'quick' ? null : context.films;
  const key = `${films} ${size}`;
  if (!read.has(key)) read.set(key, films ? readFilms(films, size) : drawFilms(PHANTOMS, size));
  const [train, heldOut, strangers] = splitByPatient(await read.get(key)!, [0.27, 0.27], seed);
  return { train: train!, heldOut: heldOut!, strangers: strangers! };
}

/** Copies of one kind and strength, `count` of them, the first of which is image `first`. */
type PlantedStrength = {
  kind: string;
  strength: string;
  sources: number[];
  correlations: number[];
};

export type Plants = { images: Uint8Array; limit: number; planted: PlantedStrength[] };

/** Altered copies of training films, made by Pillow and SciPy. */
export async function plant(
  { folder }: ProofContext,
  { train, strangers }: Division,
  request: { name: string; kinds: readonly string[]; count: number; seed: number },
): Promise<Plants> {
  const work = join(folder, 'plants');
  await mkdir(work, { recursive: true });
  const at = (name: string) => join(work, `${request.name}-${name}`);
  await writeFile(at('films.u8'), train.images);
  await writeFile(at('others.u8'), strangers.images);
  const { kinds, count, seed } = request;
  const files = { films: at('films.u8'), others: at('others.u8'), out: at('out') };
  const patients = train.patients;
  await writeFile(
    at('request.json'),
    JSON.stringify({ ...files, patients, size: train.size, kinds, count, seed }),
  );
  await promisify(execFile)(await ensurePython(), [SCRIPT, at('request.json')]);
  const facts = JSON.parse(await readFile(`${files.out}.json`, 'utf8')) as Omit<Plants, 'images'>;
  return { images: new Uint8Array(await readFile(`${files.out}.u8`)), ...facts };
}
