import type { ImageSet } from '../sample-set.ts';
import { coarseSearch, type Likeness } from './coarse-search.ts';
import { correlateFine, correlateSoft, type ImageView, register, viewImage } from './registration.ts';
import { type SearchPlanes, searchPlanes } from './search-planes.ts';

const REGISTERED = { whole: 3, half: 2 }; // candidates of an image: the coarse search has the source among them
const RIVAL_RANK = 5; // how many other patients' films must match as well before a likeness counts as ordinary

/**
 * How copied an image looks: atanh(correlation with the best match) − atanh(correlation with the fifth best patient). A typical spine
 * correlates with everyone's, a copy with its source alone. `film` is the best match's row.
 */
type Excess = { excess: number; film: number };

/**
 * By fine and by middle detail of the whole image, which noise leaves, by its middle detail against a blurred film's, and by fine detail
 * of its most likely half.
 */
export const MEASURES = ['wholeFine', 'wholeMiddle', 'wholeSoft', 'halfFine'] as const;
export type CopyScores = Record<(typeof MEASURES)[number], Excess>;

/** Films that images may be copies of, with a key for each film's patient. */
export type Films = ImageSet & { patients: readonly string[] };

/** Scores images against films. Where `own` names an image's patient, the films of that patient aren't compared. */
export type CopyScorer = (images: ImageSet, own?: readonly string[]) => CopyScores[];

/** Prepares the films once for any number of images. A call does best with hundreds of images: it lays each film in 725 poses. */
export function createCopyScorer(films: Films): CopyScorer {
  const planes = searchPlanes(films);
  const views = films.patients.map((_, row) => viewImage(planes, row, false));
  return (images, own) => {
    const queries = searchPlanes(images);
    const found = coarseSearch(queries, planes);
    return Array.from({ length: queries.count }, (_, row) => {
      const among = { queries, row, views, patients: films.patients, own: own?.[row] };
      const whole = bestMatches(among, found.whole, REGISTERED.whole);
      const half = bestMatches(among, found.half, REGISTERED.half);
      return { wholeFine: whole.fine, wholeMiddle: whole.middle, wholeSoft: whole.soft, halfFine: half.fine };
    });
  };
}

type Among = {
  queries: SearchPlanes;
  row: number;
  views: readonly ImageView[];
  patients: readonly string[];
  own: string | undefined;
};

/** Registers the likeliest films, and compares the best of them with its rivals. */
function bestMatches(
  { queries, row, views, patients, own }: Among,
  { correlations, places, mirrored, poses }: Likeness,
  count: number,
): Record<'fine' | 'middle' | 'soft', Excess> {
  const coarse = correlations.subarray(row * views.length, (row + 1) * views.length);
  const order = [...coarse.keys()].filter((film) => patients[film] !== own);
  order.sort((a, b) => coarse[b]! - coarse[a]!);
  const matches = order.slice(0, count).map((film) => {
    const cell = row * views.length + film;
    const image = viewImage(queries, row, mirrored[cell] === 1);
    const { pose, correlation } = register(image, views[film]!, poses[places[cell]!]!);
    const [fine, soft] = [correlateFine, correlateSoft].map((by) => by(image, views[film]!, pose));
    return { film, middle: correlation, fine: fine!, soft: soft! };
  });
  const excessOf = (detail: 'fine' | 'middle' | 'soft'): Excess => {
    const best = matches.reduce((a, b) => (b[detail] > a[detail] ? b : a));
    const rival = rivalCorrelation(order, coarse, patients, best.film);
    return { excess: fisher(best[detail]) - fisher(rival), film: best.film };
  };
  return { fine: excessOf('fine'), middle: excessOf('middle'), soft: excessOf('soft') };
}

/** Correlation with the fifth best patient other than the best match's own (the last one when there are fewer). */
function rivalCorrelation(
  order: readonly number[],
  coarse: Float32Array,
  patients: readonly string[],
  best: number,
): number {
  const seen = new Set([patients[best]!]);
  let rival = 0;
  for (const film of order) {
    if (seen.has(patients[film]!)) continue;
    seen.add(patients[film]!);
    rival = coarse[film]!;
    if (seen.size > RIVAL_RANK) break;
  }
  return rival;
}

/** Fisher's transform, which gives correlations an even scale; an exact copy counts as .9999. */
function fisher(correlation: number): number {
  return Math.atanh(Math.min(0.9999, Math.max(-0.9999, correlation)));
}
