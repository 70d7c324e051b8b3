import { PLANTED_EACH_MIN } from '@synspine/audit-rules';
import { shuffled } from '@synspine/compute';
import { countOf, type ImageSet } from '../sample-set.ts';
import { ALTERATIONS } from './alterations.ts';
import { correlationOf, type Gray } from './gray-image.ts';

export const PLANTED_EACH = PLANTED_EACH_MIN;
const COMPARED_MAX = 160; // films whose pairs say how alike different patients are

/** An altered film, and whether its patient can be recognised in it. */
type Plant = { kind: string; strengths: string; isRecognisable: boolean };

export type Planted = ImageSet & { plants: readonly Plant[] };

export type Films = ImageSet & { patients: readonly string[] };

/**
 * Altered copies of training films, {@link PLANTED_EACH} of each kind, for the positive control. A patient is recognisable when the
 * alteration undone correlates with the film more than 99.9 % of pairs of different patients do. `strangers` lend their films to
 * blends and halves.
 */
export function plantCopies(train: Films, strangers: Films, random: () => number): Planted {
  const { size } = train;
  const [films, others] = [grays(train), grays(strangers)];
  const limit = likenessOfStrangers(train, films);
  const order = shuffled([...films.keys()], random);
  const images = new Uint8Array(ALTERATIONS.length * PLANTED_EACH * size * size);
  const plants = ALTERATIONS.flatMap(({ kind, strengths, alter }, group) =>
    Array.from({ length: PLANTED_EACH }, (_, turn): Plant => {
      const at = group * PLANTED_EACH + turn;
      const film = films[order[at % order.length]!]!;
      const stranger = others[Math.floor(random() * others.length)]!;
      const { image, undo } = alter[turn % alter.length]!(film, size, random, stranger);
      const bytes = image.map((gray) => Math.min(255, Math.max(0, Math.round(gray))));
      images.set(bytes, at * size * size);
      return { kind, strengths, isRecognisable: correlationOf(film, undo(bytes)) > limit };
    }),
  );
  return { images, size, plants };
}

function grays({ images, size }: ImageSet): Gray[] {
  const area = size * size;
  return Array.from({ length: countOf({ images, size }) }, (_, row) =>
    Float64Array.from(images.subarray(row * area, (row + 1) * area)),
  );
}

/** The correlation that one pair of different patients in a thousand exceeds. */
function likenessOfStrangers({ patients }: Films, films: readonly Gray[]): number {
  const some = films.slice(0, COMPARED_MAX);
  const pairs = some.flatMap((film, row) =>
    some
      .slice(0, row)
      .flatMap((other, at) => (patients[row] === patients[at] ? [] : [correlationOf(film, other)])),
  );
  const sorted = Float64Array.from(pairs).sort();
  return sorted[Math.floor(0.999 * (sorted.length - 1))] ?? 1;
}
