import type { SquareFilm } from '@synspine/dicom';
import type { Home } from '../../home.ts';
import type { CatalogueFilm, FilmSelection } from '../catalogue.ts';
import { streamCatalogue } from '../catalogue-index.ts';
import { createFilmChoice } from '../choose-films.ts';
import { createLearningMemory, type LearningMemory } from '../learning-memory.ts';
import { loadMaster, MASTER_SIZE } from '../master-image.ts';
import { FAR, fitLook, type LookFilm, type LookOfFilms } from './fit-look.ts';
import { grain, lookFeatures } from './look-features.ts';

/** Whether a film looks like the site's own films of the spine; `untold` where nothing can be said. */
export type Look = 'like' | 'unlike' | 'untold';

/** What a film's tags say. */
type SeenTags = Pick<FilmSelection, 'region' | 'view' | 'viewRule'>;

/** With its square image. */
export type SeenFilm = SeenTags & Pick<SquareFilm, 'square'>;

/** A film to learn from that the home does not have yet. */
export type NewFilm = SeenFilm & Pick<SquareFilm, 'pixelSha256'> & { patient: string };

export type LookJudge = {
  /** Whether there were enough films to learn from. */
  isLearnt: boolean;
  /** Whether it can tell about films with such tags: enough is learnt for `judge` not to say `untold`. */
  canTell(tags: SeenTags): boolean;
  judge(film: SeenFilm): Look;
};

const GROUPS = ['frontal', 'lateral', 'oblique', 'untold'] as const;
type Group = (typeof GROUPS)[number];

const PATIENTS_MIN = 40; // of a view; films of 30 patients leave too many ordinary films far away
const FILMS_MAX = 400; // of a view
/** Where tags name the spine, pixels must speak louder against it: one real film of 481 lies at 6.7, noise, pages and hands from 13 on. */
const FAR_TAGGED = 8;
const GRAIN_MAX = 0.6; // twice that of the grainiest of 481 films, half of noise's

/**
 * Learns from the site's own films whose tags say that they show the spine, view by view, what such films look like. Nothing is
 * shipped with the agent: it would know other hospitals' films. A view that fewer than {@link PATIENTS_MIN} patients have is
 * not learnt. `more`: films that were read and not decided yet.
 */
export async function learnLook(
  home: Home,
  more: readonly NewFilm[] = [],
  memory: LearningMemory = createLearningMemory(),
): Promise<LookJudge> {
  const groups = new Map<Group, LookOfFilms>();
  for (const [group, films] of await chooseByGroup(home, more)) {
    if (new Set(films.map(patientOf)).size < PATIENTS_MIN) continue;
    const from = films.map((film) => [film.pixelSha256, patientOf(film)]);
    groups.set(group, await memory(`look of ${group}`, from, () => learnFrom(home, films)));
  }
  return {
    isLearnt: groups.size > 0,
    canTell: (tags) => canTell(groups, tags),
    judge: (film) => judgeLook(groups, film),
  };
}

type KnownFilm = CatalogueFilm | NewFilm;

/** At most {@link FILMS_MAX} films of each view. The catalogue streams by: a home may have 100,000. */
async function chooseByGroup(home: Home, more: readonly NewFilm[]): Promise<Map<Group, KnownFilm[]>> {
  const choices = new Map(GROUPS.map((group) => [group, createFilmChoice<KnownFilm>(FILMS_MAX)]));
  const fresh = new Map(
    more.filter(({ region }) => region === 'spine').map((film) => [film.pixelSha256, film]),
  );
  for await (const film of streamCatalogue(home)) {
    if (film.selection?.region !== 'spine') continue;
    fresh.delete(film.pixelSha256);
    choices.get(groupOf(film.selection))!.add(film);
  }
  for (const film of fresh.values()) choices.get(groupOf(film))!.add(film);
  return new Map([...choices].map(([group, choice]) => [group, choice.films()]));
}

const patientOf = (film: KnownFilm) => ('patient' in film ? film.patient : film.patientKey);

async function learnFrom(home: Home, films: readonly KnownFilm[]): Promise<LookOfFilms> {
  const seen: LookFilm[] = [];
  for (const film of films) {
    const square = 'square' in film ? film.square : await loadMaster(home, film.pixelSha256, MASTER_SIZE);
    seen.push({ features: lookFeatures(square), patient: patientOf(film) });
  }
  return fitLook(seen);
}

/**
 * A film that lies far from all views that were learnt is unlike them only where its own view is among those: the first lateral
 * films of a site look like none of its frontal ones; noise is of no view. Tags that name neither part nor view speak for nothing.
 */
function judgeLook(groups: ReadonlyMap<Group, LookOfFilms>, film: SeenFilm): Look {
  if (film.region === 'other') return 'untold'; // the site asked for such films
  const features = lookFeatures(film.square);
  const limit = film.region === 'spine' ? FAR_TAGGED : FAR;
  if ([...groups.values()].some((look) => look(features) <= limit)) return 'like';
  const isNoise = grain(film.square) > GRAIN_MAX && groups.size > 0;
  return isNoise || canTell(groups, film) ? 'unlike' : 'untold';
}

function canTell(groups: ReadonlyMap<Group, LookOfFilms>, tags: SeenTags): boolean {
  if (tags.region === 'other') return false;
  const group = groupOf(tags);
  const isSilent = group === 'untold' && tags.region === 'unknown' && groups.size > 0;
  const isAnyView = group === 'untold' && groups.has('frontal') && groups.has('lateral');
  return groups.has(group) || isSilent || isAnyView;
}

/** By the tags alone: a classifier tells the view of a hand, too. */
function groupOf({ view, viewRule }: Pick<SeenTags, 'view' | 'viewRule'>): Group {
  if (viewRule === null || viewRule === 'classifier') return 'untold';
  if (view === 'AP' || view === 'PA') return 'frontal';
  return view === 'LATERAL' ? 'lateral' : view === 'OBLIQUE' ? 'oblique' : 'untold';
}
