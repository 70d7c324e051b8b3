import { type Parameters, predict, trainClassifier } from '@synspine/classifier';
import { clusteredWilsonInterval, wilsonInterval } from '@synspine/metrics';
import type { QualityScore } from '@synspine/protocol';
import { type FilmSet, joinFilms, selectFilms } from '../../films/film-set.ts';
import { LABEL_SCHEMES } from '../../films/label-schemes.ts';
import { splitPatients } from '../../films/split.ts';
import type { TrainingFilms } from '../../films/training-films.ts';
import type { OutsideJudge } from '../../scores/outside-judge.ts';

const JUDGE_SEED_OFFSET = 1_000; // another judge than S: other weights at the start, other films, other order

export type Labelled = { pixels: Uint8Array; labels: Uint8Array };

/**
 * How often an inside judge agrees with the class that was asked for; beside it, how often the same judge is right about held-out
 * films. It is another network than S, but learnt from the same patients as the generator and shares its mistakes, so it agrees too
 * often, with filtered images even more (the judge that filtered learnt from them, too); the protocol's name says both.
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
  const protocol = `label_fidelity_inside_judge_small_cnn${isFiltered ? '_filtered' : ''}`;
  return agreementOf(parameters, synthetic, heldOut, { metric: 'label-fidelity', protocol });
}

/**
 * The same by a judge that other sites' images trained: no film of this site had a part in it, so what it shares with the generator
 * is what films of all sites share. No figure for a run of other classes than the judge's, normal and abnormal.
 */
export function scoreOutsideFidelity(
  { ensemble, trainedOn, id }: OutsideJudge,
  synthetic: Labelled,
  heldOut: FilmSet,
  { isFiltered = false }: { isFiltered?: boolean } = {},
): QualityScore[] {
  if (heldOut.classNames.join() !== LABEL_SCHEMES.binary.classNames.join()) return [];
  const judge = `${ensemble[0]!.architecture}_${trainedOn}_${id.slice(0, 8)}`.replaceAll(/[^a-z0-9]+/g, '_');
  const protocol = `label_fidelity_outside_judge_${judge}${isFiltered ? '_filtered' : ''}`;
  return agreementOf(ensemble, synthetic, heldOut, { metric: 'label-fidelity-outside', protocol });
}

function agreementOf(
  judge: Parameters | readonly Parameters[],
  synthetic: Labelled,
  heldOut: FilmSet,
  { metric, protocol }: Pick<QualityScore, 'metric' | 'protocol'>,
): QualityScore[] {
  const { classNames } = heldOut;
  const agreed = agreements(predict(judge, synthetic.pixels), synthetic.labels, classNames.length);
  const right = agreements(predict(judge, heldOut.pixels), heldOut.labels, classNames.length);
  return ['all', ...classNames].map((stratum, i) => {
    const of = <T>(labels: Uint8Array, values: readonly T[]) =>
      values.filter((_, row) => i === 0 || labels[row] === i - 1);
    const asked = toShare(of(synthetic.labels, agreed));
    const real = toShare(of(heldOut.labels, right), of(heldOut.labels, heldOut.patients));
    return { metric, protocol: `${protocol}_n${asked.n}`, stratum, ...asked, floor: real };
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

/** Synthetic images stand alone; films of one patient don't, and those of a single patient say nothing of others. */
function toShare(values: readonly boolean[], patients?: readonly string[]) {
  const k = values.filter(Boolean).length;
  const interval = () => {
    if (!patients) return wilsonInterval(k, values.length);
    return new Set(patients).size > 1 ? clusteredWilsonInterval(values, patients) : { ciLow: 0, ciHigh: 1 };
  };
  return { value: k / values.length, ...interval(), n: values.length };
}
