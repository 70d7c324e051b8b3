import { predict, trainClassifier } from '@synspine/classifier';
import { wilsonInterval } from '@synspine/metrics';
import type { QualityScore } from '@synspine/protocol';
import { type FilmSet, joinFilms, selectFilms } from '../../films/film-set.ts';
import { splitPatients } from '../../films/split.ts';
import type { TrainingFilms } from '../../films/training-films.ts';

const JUDGE_SEED_OFFSET = 1_000; // another judge than S: other weights at the start, other films, other order

export type Labelled = { pixels: Uint8Array; labels: Uint8Array };

/**
 * How often a judge that had no part in the training agrees with the class that was asked for; beside it, how often the
 * same judge is right about held-out films. Of filtered images it is too high, and the protocol says so: the judge that
 * filtered learnt from the same films and makes the same mistakes.
 */
export async function scoreLabelFidelity(
  { train, validation }: TrainingFilms,
  synthetic: Labelled,
  heldOut: FilmSet,
  { seed, signal, isFiltered = false }: { seed: number; signal: AbortSignal; isFiltered?: boolean },
): Promise<QualityScore[]> {
  const { classNames } = train;
  const { training, stopping } = resplit(joinFilms(train, validation));
  if (![training, stopping].every(isJudgeable)) return []; // a very small site
  const { parameters } = await trainClassifier({
    training: { images: training.pixels, labels: training.labels },
    validation: { images: stopping.pixels, labels: stopping.labels },
    size: train.size,
    classes: classNames.length,
    seed: seed + JUDGE_SEED_OFFSET,
    signal,
  });
  const agreed = agreements(predict(parameters, synthetic.pixels), synthetic.labels, classNames.length);
  const right = agreements(predict(parameters, heldOut.pixels), heldOut.labels, classNames.length);
  return ['all', ...classNames].map((stratum, i) => {
    const of = (labels: Uint8Array, values: readonly boolean[]) =>
      values.filter((_, row) => i === 0 || labels[row] === i - 1);
    const [asked, real] = [toShare(of(synthetic.labels, agreed)), toShare(of(heldOut.labels, right))];
    return {
      metric: 'label-fidelity',
      protocol: `label_fidelity_small_cnn${isFiltered ? '_filtered' : ''}_n${asked.n}`,
      stratum,
      ...asked,
      floor: real,
    };
  });
}

/** Two films of a class are the least that a classifier is trained or stopped with. */
function isJudgeable({ labels, classNames }: FilmSet): boolean {
  return classNames.every((_, label) => labels.filter((other) => other === label).length >= 2);
}

/** Another split of the same patients, so that this judge isn't stopped by the films that stopped S. */
function resplit(films: FilmSet): { training: FilmSet; stopping: FilmSet } {
  const reversed = (key: string) => [...key].reverse().join(''); // another order of the same keyed hashes
  const highest = new Map<string, number>(); // of a patient's condition numbers: any stable stratum will do
  for (const [i, key] of films.patients.entries())
    highest.set(key, Math.max(highest.get(key) ?? 0, films.labels[i]!));
  const split = splitPatients(
    [...highest].map(([key, label]) => ({ key: reversed(key), stratum: String(label) })),
  );
  const rows = [...films.patients.keys()];
  const isStopping = (row: number) => split[reversed(films.patients[row]!)] === 'hold-out';
  return {
    training: selectFilms(
      films,
      rows.filter((row) => !isStopping(row)),
    ),
    stopping: selectFilms(films, rows.filter(isStopping)),
  };
}

function agreements(probabilities: Float32Array, labels: Uint8Array, classes: number): boolean[] {
  return Array.from(labels, (label, row) => {
    const ofRow = probabilities.subarray(row * classes, (row + 1) * classes);
    return ofRow.indexOf(Math.max(...ofRow)) === label;
  });
}

function toShare(values: readonly boolean[]) {
  const k = values.filter(Boolean).length;
  return { value: k / values.length, ...wilsonInterval(k, values.length), n: values.length };
}
