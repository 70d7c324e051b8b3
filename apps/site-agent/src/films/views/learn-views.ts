import { type FilmView, toTrainingImage } from '@synspine/dicom';
import type { Home } from '../../home.ts';
import type { CatalogueFilm } from '../catalogue.ts';
import { streamCatalogue } from '../catalogue-index.ts';
import { createFilmChoice } from '../choose-films.ts';
import { createLearningMemory, type LearningMemory } from '../learning-memory.ts';
import { loadMaster, MASTER_SIZE } from '../master-image.ts';
import { fitLogistic } from './logistic-regression.ts';
import { mirrorFeatures, VIEW_SIDE } from './mirror-features.ts';

/** Tells the view of a square image of MASTER_SIZE² bytes. */
export type ViewClassifier = (square: Uint8Array) => Promise<FilmView>;

/** A film whose tags tell its view. */
export type TaggedFilm = { features: Float64Array; isLateral: boolean; patient: string };

const PATIENTS_MIN = 30; // of each view; with fewer, the check below means nothing
const FILMS_MAX = 400; // of each view; more take longer and teach little
const FOLDS = 5;
const SURE = 0.8; // below, the view stays unknown; so strong a decay makes the fit less sure than it is right
const RIGHT_MIN = 0.95; // of the answers on patients that it didn't learn from

/**
 * Learns from the site's own films whose tags tell the view to tell it for those whose tags don't: frontal or lateral, by a
 * logistic regression on {@link mirrorFeatures}. Nothing is shipped with the agent, so there is no gap between other
 * hospitals' films and these. undefined when fewer than 30 patients have either view, or when fewer than 95 % of its answers on
 * patients left out are right: then views stay unknown.
 */
export async function learnViews(
  home: Home,
  memory: LearningMemory = createLearningMemory(),
): Promise<ViewClassifier | undefined> {
  const chosen = await chooseByView(home);
  if (chosen.some((of) => new Set(of.map(({ patientKey }) => patientKey)).size < PATIENTS_MIN))
    return undefined;
  const from = chosen.map((of) =>
    of.map(({ pixelSha256, patientKey, selection }) => [pixelSha256, patientKey, selection?.view]),
  );
  return memory('views', from, () => learnFrom(home, chosen));
}

/** Frontal films, lateral films. */
async function chooseByView(home: Home): Promise<CatalogueFilm[][]> {
  const [frontal, lateral] = [
    createFilmChoice<CatalogueFilm>(FILMS_MAX),
    createFilmChoice<CatalogueFilm>(FILMS_MAX),
  ];
  for await (const film of streamCatalogue(home)) {
    if (!isTagged(film.selection)) continue;
    if (isFrontal(film)) frontal.add(film);
    if (isLateral(film)) lateral.add(film);
  }
  return [frontal.films(), lateral.films()];
}

/** `chosen`: frontal films, lateral films. */
async function learnFrom(
  home: Home,
  chosen: readonly CatalogueFilm[][],
): Promise<ViewClassifier | undefined> {
  const tagged: TaggedFilm[] = [];
  for (const film of chosen.flat()) {
    const features = mirrorFeatures(await loadMaster(home, film.pixelSha256, VIEW_SIDE));
    tagged.push({ features, isLateral: isLateral(film), patient: film.patientKey });
  }
  if (rightShare(tagged) < RIGHT_MIN) return undefined;
  const isSeenFromSide = fit(tagged);
  const frontal = commonFrontal(chosen[0]!);
  return async (square) => {
    const film = { rows: MASTER_SIZE, columns: MASTER_SIZE, pixels: square };
    const small = await toTrainingImage(film, { size: VIEW_SIDE, fit: 'squeeze' });
    const side = isSeenFromSide(mirrorFeatures(small));
    if (Math.max(side, 1 - side) < SURE) return 'unknown';
    return side > 0.5 ? 'LATERAL' : frontal;
  };
}

/** Share of the answers that are right when each patient is judged by a fit to the others; 0 when it never dares to answer. */
export function rightShare(films: readonly TaggedFilm[]): number {
  const patients = [...new Set(films.map(({ patient }) => patient))];
  const foldOf = new Map(patients.map((patient, i) => [patient, i % FOLDS]));
  let [answers, right] = [0, 0];
  for (let fold = 0; fold < FOLDS; fold++) {
    const probability = fit(films.filter(({ patient }) => foldOf.get(patient) !== fold));
    for (const film of films.filter(({ patient }) => foldOf.get(patient) === fold)) {
      const side = probability(film.features);
      if (Math.max(side, 1 - side) < SURE) continue;
      answers++;
      right += Number(side > 0.5 === film.isLateral);
    }
  }
  return answers === 0 ? 0 : right / answers;
}

function fit(films: readonly TaggedFilm[]) {
  return fitLogistic({
    features: films.map(({ features }) => features),
    isMember: films.map((film) => film.isLateral),
  });
}

function isTagged(selection: CatalogueFilm['selection']): boolean {
  return selection !== undefined && selection.viewRule !== null && selection.viewRule !== 'classifier';
}

function isFrontal({ selection }: CatalogueFilm): boolean {
  return selection?.view === 'AP' || selection?.view === 'PA';
}

function isLateral({ selection }: CatalogueFilm): boolean {
  return selection?.view === 'LATERAL';
}

/** Pixels don't tell whether the beam came from the front or the back: what the site's frontal films mostly are. */
function commonFrontal(films: readonly CatalogueFilm[]): FilmView {
  const share = films.filter(({ selection }) => selection?.view === 'AP').length / films.length;
  return share >= 0.5 ? 'AP' : 'PA';
}
