import { type Features, squaredDistances } from '@synspine/metrics';
import { pixelEmbedding } from '../pixels/pixel-embedding.ts';
import { type Plane, workingPlane } from '../pixels/plane.ts';
import { countOf, type ImageSet, type RealSet } from '../sample-set.ts';
import {
  coarseMatch,
  type Match,
  type Registrable,
  refineMatch,
  registrable,
  structuralSimilarity,
  type TurnedViews,
  turnedViews,
} from './registration.ts';

const NETWORK_NEIGHBOURS = 5;
const PIXEL_NEIGHBOURS = 10; // cheap, and the network's features don't recognise mirrored or turned copies
const REFINED_MATCHES = 2;
const RIVAL_RANK = 5; // how many other patients' films must match as well before a likeness counts as ordinary

/**
 * How much a film looks copied. `excess` = atanh(correlation with the best match) − atanh(correlation with the fifth best
 * patient): a typical spine correlates with everyone's, a copy with its source alone. `similarity` is the registered SSIM.
 */
export type CopyScore = { excess: number; similarity: number; trainRow: number };

/** Scores images against the training films. Without features, likely sources are sought among pixel neighbours alone. */
export type CopyScorer = (set: ImageSet & { features?: Features }) => CopyScore[];

export function createCopyScorer(train: RealSet): CopyScorer {
  const planes = planesOf(train);
  const films = planes.map(registrable);
  const views = films.map(turnedViews);
  const upright = widen(pixelEmbedding(planes));
  const network = widen(train.features);
  return (set) => {
    const queries = planesOf(set);
    const byNetwork = set.features ? nearest(widen(set.features), network, NETWORK_NEIGHBOURS) : [];
    const byPixels = nearest(widen(pixelEmbedding(queries)), upright, PIXEL_NEIGHBOURS);
    const byMirror = nearest(widen(pixelEmbedding(queries, true)), upright, PIXEL_NEIGHBOURS);
    return queries.map((plane, row) => {
      const candidates = [...new Set([...(byNetwork[row] ?? []), ...byPixels[row]!, ...byMirror[row]!])];
      return scoreFilm(registrable(plane), candidates, films, views, train.patients);
    });
  };
}

function scoreFilm(
  query: Registrable,
  candidates: readonly number[],
  films: readonly Registrable[],
  views: readonly TurnedViews[],
  patients: readonly string[],
): CopyScore {
  const coarse = candidates
    .map((row) => ({ row, match: coarseMatch(query, views[row]!) }))
    .sort((a, b) => b.match.correlation - a.match.correlation);
  const refined = coarse
    .slice(0, REFINED_MATCHES)
    .map(({ row, match }) => ({ row, match: refineMatch(query, films[row]!, match) }));
  const best = refined.reduce((a, b) => (b.match.correlation > a.match.correlation ? b : a));
  const rival = rivalCorrelation(coarse, patients, patients[best.row]!);
  return {
    excess: fisher(best.match.correlation) - fisher(rival),
    similarity: structuralSimilarity(query, films[best.row]!, best.match.pose),
    trainRow: best.row,
  };
}

/** Correlation with the fifth best patient other than the best match's own (the last one when there are fewer). */
function rivalCorrelation(
  coarse: readonly { row: number; match: Match }[],
  patients: readonly string[],
  own: string,
): number {
  const seen = new Set([own]);
  let rival = 0;
  for (const { row, match } of coarse) {
    if (seen.has(patients[row]!)) continue;
    seen.add(patients[row]!);
    rival = match.correlation;
    if (seen.size > RIVAL_RANK) break;
  }
  return rival;
}

/** Fisher's transform, which gives correlations an even scale; an exact copy counts as .9999. */
function fisher(correlation: number): number {
  return Math.atanh(Math.min(0.9999, Math.max(-0.9999, correlation)));
}

function planesOf(set: ImageSet): Plane[] {
  return Array.from({ length: countOf(set) }, (_, row) => workingPlane(set.images, set.size, row));
}

type Wide = Features & { data: Float64Array };

function widen(features: Features): Wide {
  return { ...features, data: Float64Array.from(features.data) };
}

/** Rows of the `count` nearest films for each query. */
function nearest(queries: Wide, films: Wide, count: number): number[][] {
  const distances = squaredDistances(queries, films);
  const rows = Array.from({ length: films.rows }, (_, row) => row);
  return Array.from({ length: queries.rows }, (_, query) => {
    const from = distances.subarray(query * films.rows, (query + 1) * films.rows);
    return rows.toSorted((a, b) => from[a]! - from[b]!).slice(0, count);
  });
}
