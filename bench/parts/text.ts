import { inspectText } from '../../packages/dicom/src/burned-in-text/clean-film.ts';
import {
  coverage,
  type LetteredFilm,
  letterFilm,
  markFilm,
} from '../../packages/dicom/src/burned-in-text/fixtures/lettered-films.ts';
import { loadTextModels, type TextModels } from '../../packages/dicom/src/burned-in-text/models.ts';
import type { Box } from '../../packages/dicom/src/burned-in-text/picture.ts';
import { wilsonInterval } from '../../packages/metrics/src/wilson-interval.ts';
import type { BenchOptions } from '../options.ts';
import { type Summary, summarize } from '../statistics.ts';
import { type BaseFilm, listFilms } from '../text-films.ts';

/** How many of how many, with the 95 % Wilson interval. */
export type Share = { count: number; of: number; ciLow: number; ciHigh: number };

/** One made-up text: how it was drawn, and the share of its ink that boxes cover. */
type TextRow = { film: string; kind: string; heightPx: number; ink: string; turn: number; covered: number };

export type TextFigures = {
  films: number;
  /** Films with texts on which some was found, and films with markers alone on which something was. */
  filmsFound: Share;
  filmsAlarmed: Share;
  /** Texts of which more than half of the ink, or nine tenths, is covered. */
  half: Share;
  nineTenths: Share;
  /** By what was drawn: {@link half}. */
  groups: Record<string, Share>;
  /** Processor milliseconds of this process a film, by whether it holds made-up text and how large it is. */
  cpuMs: Record<string, Summary & { mean: number }>;
  texts: TextRow[];
  alarms: { film: string; boxes: Box[] }[];
  /** Boxes on films as they are: what their own hospitals wrote on them, or an alarm. */
  own: { film: string; boxes: Box[] }[];
};

const HALF = 0.5;
const NINE_TENTHS = 0.9;
const QUICK_STEP = 3; // of the films
const LARGE_PX = 1_200_000;

/** Groups that the reader's alphabet and the detector's training make differ. */
const GROUPS: Record<string, (text: TextRow) => boolean> = {
  'capitals of 8 to 11 px': ({ heightPx }) => heightPx < 12,
  '12 to 19 px': ({ heightPx }) => heightPx >= 12 && heightPx < 20,
  '20 to 40 px': ({ heightPx }) => heightPx >= 20,
  light: ({ ink }) => ink === 'light',
  dark: ({ ink }) => ink === 'dark',
  plate: ({ ink }) => ink === 'plate',
  outlined: ({ ink }) => ink === 'outlined',
  'turned by 90°': ({ turn }) => Math.abs(turn) >= 90,
  'another script': ({ kind }) => kind === 'name in another script',
};

/** Writes made-up texts, or markers, on films of the half of the patients on which no limit was chosen, and looks for them. */
export async function measureText(options: BenchOptions): Promise<TextFigures> {
  if (!options.films) throw new Error('Say where films lie that text can be written on: --films DIR.');
  const models = await loadTextModels();
  const state: State = { models, films: 0, found: 0, texts: [], alarms: [], own: [], cpu: new Map() };
  for await (const film of listFilms(options.films, options.half, options.quick ? QUICK_STEP : 1))
    await measureFilm(state, film);
  if (state.films === 0) throw new Error(`There is no readable film in ${options.films}.`);
  return sumUp(state);
}

type State = Pick<TextFigures, 'films' | 'texts' | 'alarms' | 'own'> & {
  models: TextModels;
  found: number;
  cpu: Map<string, number[]>;
};

async function measureFilm(state: State, film: BaseFilm): Promise<void> {
  const size = film.rows * film.columns > LARGE_PX ? 'large' : 'small';
  state.films += 1;
  const own = await look(state, film, `${size}, as it is`);
  if (own.length > 0) state.own.push({ film: film.name, boxes: own });
  const marked = await markFilm(film, film.name);
  const boxes = await look(state, marked, `${size}, markers`);
  if (boxes.length > 0) state.alarms.push({ film: film.name, boxes });
  const lettered = await letterFilm(film, film.name);
  const rows = rate(film.name, lettered, await look(state, lettered, `${size}, text`));
  state.texts.push(...rows);
  if (rows.some(({ covered }) => covered > HALF)) state.found += 1;
}

async function look({ models, cpu }: State, film: BaseFilm | LetteredFilm, group: string): Promise<Box[]> {
  const before = process.cpuUsage();
  const boxes = await inspectText(models, film);
  const { user, system } = process.cpuUsage(before);
  cpu.set(group, [...(cpu.get(group) ?? []), (user + system) / 1000]);
  return boxes;
}

function rate(film: string, { placed }: LetteredFilm, boxes: readonly Box[]): TextRow[] {
  const texts = placed.filter(({ kind }) => kind !== 'marker');
  return texts.map((text) => {
    const { kind, heightPx, ink, turn } = text;
    return { ...{ film, kind, heightPx, ink, turn }, covered: coverage(text, boxes) };
  });
}

function sumUp({ films, found, texts, alarms, own, cpu }: State): TextFigures {
  const covered = (rows: readonly TextRow[], share: number) =>
    toShare(rows.filter((row) => row.covered > share).length, rows.length);
  const groups = Object.entries(GROUPS)
    .filter(([, holds]) => texts.some(holds))
    .map(([name, holds]) => [name, covered(texts.filter(holds), HALF)]);
  return {
    films,
    filmsFound: toShare(found, films),
    filmsAlarmed: toShare(alarms.length, films),
    half: covered(texts, HALF),
    nineTenths: covered(texts, NINE_TENTHS),
    groups: Object.fromEntries(groups),
    cpuMs: Object.fromEntries([...cpu].map(([group, ms]) => [group, { ...summarize(ms), mean: mean(ms) }])),
    texts,
    alarms,
    own,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function toShare(count: number, of: number): Share {
  const { ciLow, ciHigh } = wilsonInterval(count, of);
  return { count, of, ciLow, ciHigh };
}
