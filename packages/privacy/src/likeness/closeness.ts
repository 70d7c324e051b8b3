import { shuffled } from '@synspine/metrics';
import { centredInterval, type Estimate } from './centred-interval.ts';
import type { PatientDistances } from './distance-table.ts';

const REPEATS = 300;

/**
 * Test P2, the DCR share: how many synthetic images are nearer to a training patient than to any held-out one, ties counting half.
 * Training patients are dealt into parties as large as the hold-out and the share is averaged over them, and over many deals, so ½
 * is what independence gives. The interval is a bootstrap over patients of each side and over images: every party and the
 * hold-out are drawn anew with replacement, alike, so that neither side gains from having more patients.
 */
export function closenessShare(
  toTrain: PatientDistances,
  toHeldOut: PatientDistances,
  random: () => number,
): Estimate {
  const size = Math.min(toTrain.patients, toHeldOut.patients);
  const everyImage = Array.from({ length: toTrain.images }, (_, image) => image);
  const dealt = (side: PatientDistances) => dealParties(side.patients, size, random);
  const shares = Array.from({ length: REPEATS }, () => {
    const heldOut = nearest(toHeldOut, dealt(toHeldOut)[0]!);
    return mean(dealt(toTrain).map((party) => share(everyImage, nearest(toTrain, party), heldOut)));
  });
  const draws = Array.from({ length: REPEATS }, () => {
    const heldOut = nearest(toHeldOut, drawFrom(dealt(toHeldOut)[0]!, random));
    const images = drawFrom(everyImage, random);
    return mean(
      dealt(toTrain).map((party) => share(images, nearest(toTrain, drawFrom(party, random)), heldOut)),
    );
  });
  return centredInterval(mean(shares), draws, 0, 1);
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
