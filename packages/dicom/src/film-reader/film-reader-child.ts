import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Confinement, confineProcess, NOT_CONFINED } from '@synspine/confinement';
import { loadTextModels, type TextModels } from '../burned-in-text/models.ts';
import { loadCodecs } from '../decode/wasm-codecs.ts';
import { DATA_BYTES_MAX } from '../limits.ts';
import { readSquareFilm, type SquareFilm, type SquareFilmOptions } from '../read-square-film.ts';
import { type Refusal, refuse } from '../refusals.ts';

/** Sent to the child; it answers each with one SquareFilm or Refusal: full-size pixels stay in it. */
export type ReadRequest = { path: string; options: SquareFilmOptions };

/** This package: what a film needs of it later may still be loaded. */
const OWN_CODE = fileURLToPath(new URL('../..', import.meta.url));

/** Said once by the child, when it is warm. */
export type ChildReady = Confinement;

// Runs only as a child process of createFilmReader: parent and child share no memory, and the child can be killed.
process.on('disconnect', () => process.exit(0));
void start();

/** `argv`: the confinement's addon, absent where this system has none; the folders of films, none where any may be read. */
async function start(): Promise<void> {
  const [addon, ...folders] = process.argv.slice(2);
  await loadCodecs();
  const models = await loadTextModels();
  process.on('message', (request: ReadRequest) => {
    void answer(request, models).then((result) => process.send?.(result));
  });
  const readable = folders.length > 0 ? [...folders, OWN_CODE] : undefined;
  const ready = addon ? confineProcess(addon, readable) : NOT_CONFINED;
  process.send?.(ready satisfies ChildReady);
}

async function answer({ path, options }: ReadRequest, models: TextModels): Promise<SquareFilm | Refusal> {
  const bytes = await readBounded(path);
  return bytes instanceof Uint8Array ? readSquareFilm(bytes, options, models) : bytes;
}

/** The size is asked for first, so that no file is too large to be refused. */
async function readBounded(path: string): Promise<Uint8Array | Refusal> {
  try {
    const { size } = await stat(path);
    return size > DATA_BYTES_MAX ? refuse('parse', 'TOO_LARGE') : await readFile(path);
  } catch {
    return refuse('parse', 'FILE_UNREADABLE'); // the error's text would hold the file's name
  }
}
