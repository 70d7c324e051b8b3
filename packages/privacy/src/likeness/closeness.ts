import type { Estimate } from '@synspine/audit-rules';
import { shuffled } from '@synspine/compute';
import { normalQuantile } from '@synspine/metrics';
import { centredInterval } from './centred-interval.ts';
import type { PatientDistances } from './distance-table.ts';

const REPEATS = 300;
const LISTED = 64; // of the nearest patients; where none of them is among the chosen, all chosen are looked at

/**
 * Test P2, the DCR share: how many synthetic images are nearer to a training patient than to any held-out one, ties counting half.
 * Training patients are dealt into parties as large as the hold-out and the share is averaged over them, and over many deals, so ½
 * is what independence gives. The interval is the wider of two: a bootstrap over patients of each side and over images, where
 * every party and the hold-out are drawn anew with replacement, alike, so that neither gains from having more patients; and the
 * spread of the share when patients change sides at random. The second matters when many images have the same nearest patient,
 * as those of a collapsed generator: all of them change sides together, which the bootstrap of one split underrates. The
 * distances must be of aligned sets (see `aligned`): plain ones are decided by a few hubs.
 */
export function closenessShare(
  toTrain: PatientDistances,
  toHeldOut: PatientDistances,
  random: () => number,
): Estimate {
  const table = rankPatients(sideBySide(toTrain, toHeldOut));
  const everyone = [...Array(table.patients).keys()];
  const sides: Sides = [everyone.slice(0, toTrain.patients), everyone.slice(toTrain.patients)];
  const everyImage = Array.from({ length: table.images }, (_, image) => image);
  const shares = Array.from({ length: REPEATS }, () => dealtShare(table, sides, everyImage, random));
  const draws = Array.from({ length: REPEATS }, () => {
    const images = drawFrom(everyImage, random);
    return dealtShare(table, sides, images, random, (party) => drawFrom(party, random));
  });
  const { statistic, ciLow, ciHigh } = centredInterval(mean(shares), draws, 0, 1);
  const half = normalQuantile(0.975) * spreadOfSides(table, toTrain.patients, everyImage, random);
  return {
    statistic,
    ciLow: Math.max(0, Math.min(ciLow, statistic - half)),
    ciHigh: Math.min(1, Math.max(ciHigh, statistic + half)),
  };
}

/** The patients of training and of the hold-out, by their columns. */
type Sides = readonly [train: readonly number[], heldOut: readonly number[]];

/** The share for one deal of the training patients; `redraw` turns each party and the hold-out into a bootstrap sample. */
function dealtShare(
  table: RankedDistances,
  [train, heldOut]: Sides,
  images: readonly number[],
  random: () => number,
  redraw: (party: number[]) => number[] = (party) => party,
): number {
  const size = Math.min(train.length, heldOut.length);
  const toHeldOut = nearest(table, redraw(dealParties(heldOut, size, random)[0]!));
  const parties = dealParties(train, size, random);
  return mean(parties.map((party) => share(images, nearest(table, redraw(party)), toHeldOut)));
}

/** Standard deviation of the share over random divisions of all patients into two sides of the same sizes. */
function spreadOfSides(
  table: RankedDistances,
  trained: number,
  images: readonly number[],
  random: () => number,
): number {
  const shares = Array.from({ length: REPEATS }, () => {
    const order = shuffled([...Array(table.patients).keys()], random);
    return dealtShare(table, [order.slice(0, trained), order.slice(trained)], images, random);
  });
  const centre = mean(shares);
  return Math.sqrt(mean(shares.map((value) => (value - centre) ** 2)));
}

function sideBySide(left: PatientDistances, right: PatientDistances): PatientDistances {
  const patients = left.patients + right.patients;
  const values = new Float64Array(left.images * patients);
  for (let image = 0; image < left.images; image++) {
    values.set(left.values.subarray(image * left.patients, (image + 1) * left.patients), image * patients);
    const from = right.values.subarray(image * right.patients, (image + 1) * right.patients);
    values.set(from, image * patients + left.patients);
  }
  return { values, images: left.images, patients };
}

/** With the nearest patients of each image in order, [images, listed]: the nearest of a part of them is found in a few looks. */
type RankedDistances = PatientDistances & { ranks: Uint32Array; listed: number };

function rankPatients(table: PatientDistances): RankedDistances {
  const { values, images, patients } = table;
  const listed = Math.min(LISTED, patients);
  const ranks = new Uint32Array(images * listed);
  for (let image = 0; image < images; image++) {
    const row = values.subarray(image * patients, (image + 1) * patients);
    const farthest = Float64Array.from(row).sort()[listed - 1]!;
    const near = [...row.keys()].filter((patient) => row[patient]! <= farthest);
    near.sort((one, other) => row[one]! - row[other]!);
    ranks.set(near.slice(0, listed), image * listed);
  }
  return { ...table, ranks, listed };
}

/** Patients in random order, cut into as many parties of `size` as they fill. */
function dealParties(patients: readonly number[], size: number, random: () => number): number[][] {
  const order = shuffled(patients, random);
  return Array.from({ length: Math.floor(order.length / size) }, (_, party) =>
    order.slice(party * size, (party + 1) * size),
  );
}

/** Distance of each image to the nearest of the chosen patients. */
function nearest(table: RankedDistances, chosen: readonly number[]): Float64Array {
  const { values, images, patients, ranks, listed } = table;
  const isChosen = new Uint8Array(patients);
  for (const patient of chosen) isChosen[patient] = 1;
  const distances = new Float64Array(images);
  for (let image = 0; image < images; image++) {
    const row = image * patients;
    let at = image * listed;
    const end = at + listed;
    while (at < end && isChosen[ranks[at]!] === 0) at++;
    distances[image] = at < end ? values[row + ranks[at]!]! : nearestOf(chosen, values, row);
  }
  return distances;
}

function nearestOf(chosen: readonly number[], values: Float64Array, row: number): number {
  return chosen.reduce((least, patient) => Math.min(least, values[row + patient]!), Number.POSITIVE_INFINITY);
}

function share(images: readonly number[], toTrain: Float64Array, toHeldOut: Float64Array): number {
  let nearer = 0;
  for (const image of images) {
    const gap = toTrain[image]! - toHeldOut[image]!;
    nearer += gap < 0 ? 1 : gap === 0 ? 0.5 : 0;
  }
  return nearer / images.length;
}

function drawFrom(items: readonly number[], random: () => number): number[] {
  return items.map(() => items[Math.floor(random() * items.length)]!);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
