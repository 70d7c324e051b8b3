import { confineProcess } from '@synspine/confinement';
import { loadTextModels, type TextModels } from '../burned-in-text/models.ts';
import { loadCodecs } from '../decode/wasm-codecs.ts';
import { readFilm } from '../read-film.ts';
import { readSquareFilm } from '../read-square-film.ts';
import { REFUSALS } from '../refusals.ts';
import { mutateFilm } from './mutate-film.ts';
import { createSeedFilms } from './seed-films.ts';

/** Sent before each film, so that the parent knows what a child was at when it ended; then once at the end. */
export type FuzzMessage =
  | { at: number }
  | { fault: { number: number; kind: 'untyped' | 'slow' } }
  | { verdicts: Record<string, number>; slowestMs: number };

const SLOW_MS = 1_000;
// So many films of 128 px in a row; the longest share of a garbage collection is some tens of milliseconds.
const [addon = '', seed = '', first = '', last = '', step = '', depth = ''] = process.argv.slice(2);

const send = (message: FuzzMessage) => process.send?.(message);

/** Reads the mutations `first`, `first + step` … below `last`, as a film reader's child does, but without files. */
async function main(): Promise<void> {
  const films = await createSeedFilms();
  await loadCodecs();
  const read = depth === 'whole' ? readWhole(await loadTextModels()) : readOnly;
  if (addon !== '') confineProcess(addon);
  const verdicts: Record<string, number> = {};
  let slowestMs = 0;
  for (let number = Number(first); number < Number(last); number += Number(step)) {
    send({ at: number });
    const { bytes } = mutateFilm(films, Number(seed), number);
    const begun = process.cpuUsage();
    const verdict = await judge(bytes, read);
    const { user, system } = process.cpuUsage(begun);
    const ms = (user + system) / 1_000; // of the processor: others may use the machine
    slowestMs = Math.max(slowestMs, ms);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (verdict === 'untyped') send({ fault: { number, kind: 'untyped' } });
    else if (ms > SLOW_MS) send({ fault: { number, kind: 'slow' } });
  }
  process.send?.({ verdicts, slowestMs } satisfies FuzzMessage, () => process.exit(0));
}

const image = { size: 256, fit: 'centre-square' } as const;

type Read = (bytes: Buffer) => Promise<string>;

const readOnly: Read = async (bytes) => {
  const film = await readFilm(bytes);
  if (!film.ok) return film.code;
  return film.pixels.length === film.rows * film.columns ? 'read' : 'untyped';
};

const readWhole =
  (models: TextModels): Read =>
  async (bytes) => {
    const film = await readSquareFilm(bytes, { image }, models);
    if (!film.ok) return film.code;
    if (film.square.length !== image.size ** 2) return 'untyped';
    return film.maskedBoxes > 0 ? 'read, text masked' : 'read';
  };

async function judge(bytes: Buffer, read: Read): Promise<string> {
  try {
    const verdict = await read(bytes);
    return verdict.startsWith('read') || verdict in REFUSALS ? verdict : 'untyped';
  } catch {
    return 'untyped';
  }
}

await main();
