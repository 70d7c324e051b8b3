import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { encodeGray, MASTER_SIZE } from '../../apps/site-agent/src/films/master-image.ts';
import { readFilm, toTrainingImage } from '../../packages/dicom/src/index.ts';

/** Reads films as a film reader's child does, all but the search for text, and writes them as the agent does. */
export type FilmTask = { path: string; out: string };

async function read({ path, out }: FilmTask): Promise<void> {
  const film = await readFilm(await readFile(path));
  if (!film.ok) throw new Error(`${film.code} for ${path}`);
  const square = await toTrainingImage(film, { size: MASTER_SIZE, fit: 'centre-square' });
  await writeFile(join(out, `${basename(path, '.dcm')}.png`), await encodeGray(square, MASTER_SIZE));
}

process.on('message', (task: FilmTask) => {
  read(task).then(
    () => process.send!({ done: true }),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
