import type { Estimate } from '@synspine/audit-rules';
import { shuffled } from '@synspine/compute';
import { normalQuantile } from '@synspine/metrics';
import { centredInterval } from './centred-interval.ts';
import type { PatientDistances } from './distance-table.ts';

const REPEATS = 300;

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
  const everyImage = Array.from({ length: toTrain.images }, (_, image) => image);
  const shares = Array.from({ length: REPEATS }, () => dealtShare(toTrain, toHeldOut, everyImage, random));
  const draws = Array.from({ length: REPEATS }, () => {
    const images = drawFrom(everyImage, random);
    return dealtShare(toTrain, toHeldOut, images, random, (party) => drawFrom(party, random));
  });
  const { statistic, ciLow, ciHigh } = centredInterval(mean(shares), draws, 0, 1);
  const half = normalQuantile(0.975) * spreadOfSides(toTrain, toHeldOut, everyImage, random);
  return {
    statistic,
    ciLow: Math.max(0, Math.min(ciLow, statistic - half)),
    ciHigh: Math.min(1, Math.max(ciHigh, statistic + half)),
  };
}

/** The share for one deal of the training patients; `redraw` turns each party and the hold-out into a bootstrap sample. */
function dealtShare(
  toTrain: PatientDistances,
  toHeldOut: PatientDistances,
  images: readonly number[],
  random: () => number,
  redraw: (party: number[]) => number[] = (party) => party,
): number {
  const size = Math.min(toTrain.patients, toHeldOut.patients);
  const heldOut = nearest(toHeldOut, redraw(dealParties(toHeldOut.patients, size, random)[0]!));
  const parties = dealParties(toTrain.patients, size, random);
  return mean(parties.map((party) => share(images, nearest(toTrain, redraw(party)), heldOut)));
}

/** Standard deviation of the share over random divisions of all patients into two sides of the same sizes. */
function spreadOfSides(
  toTrain: PatientDistances,
  toHeldOut: PatientDistances,
  images: readonly number[],
  random: () => number,
): number {
  const all = sideBySide(toTrain, toHeldOut);
  const shares = Array.from({ length: REPEATS }, () => {
    const order = shuffled([...Array(all.patients).keys()], random);
    const first = choosePatients(all, order.slice(0, toTrain.patients));
    return dealtShare(first, choosePatients(all, order.slice(toTrain.patients)), images, random);
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

function choosePatients(
  { values, images, patients }: PatientDistances,
  chosen: readonly number[],
): PatientDistances {
  const kept = new Float64Array(images * chosen.length);
  for (let image = 0, at = 0; image < images; image++) {
    for (const patient of chosen) kept[at++] = values[image * patients + patient]!;
  }
  return { values: kept, images, patients: chosen.length };
}

/** Patients in random order, cut into as many parties of `size` as they fill. */
function dealParties(patients: number, size: number, random: () => number): number[][] {
  const order = shuffled([...Array(patients).keys()], random);
  return Array.from({ length: Math.floor(patients / size) }, (_, party) =>
    order.slice(party * size, (party + 1) * size),
  );
}

/** Distance of each image to the nearest of the chosen patients. */
function nearest({ values, images, patients }: PatientDistances, chosen: readonly number[]): Float64Array {
  const distances = new Float64Array(images).fill(Number.POSITIVE_INFINITY);
  for (let image = 0; image < images; image++) {
    for (const patient of chosen) {
      const distance = values[image * patients + patient]!;
      if (distance < distances[image]!) distances[image] = distance;
    }
  }
  return distances;
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
