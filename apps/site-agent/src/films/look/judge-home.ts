import type { CatalogueFilm } from '../catalogue.ts';
import type { Ingest } from '../decide-film.ts';
import type { SourceVerdict } from '../ingest-folder.ts';
import { hasMaster, loadMaster, MASTER_SIZE, masterFile } from '../master-image.ts';
import type { LookJudge } from './learn-look.ts';

const SAVE_EVERY = 32; // films

/**
 * Judges films that were taken when nothing could be said about their look, once it can: each film once. One that shows something else
 * leaves the catalogue, and a verdict says so. It lies in quarantine by its square image, since the home knows no other place of
 * it. That image stays, and so do hold-outs: a run has its own list of films, which it committed to.
 */
export async function* judgeHome(
  { home, catalogue, quarantine, signal }: Pick<Ingest, 'home' | 'catalogue' | 'quarantine' | 'signal'>,
  judge: LookJudge,
  save: () => Promise<void>,
): AsyncGenerator<SourceVerdict> {
  let judged = 0;
  for await (const film of catalogue.untoldFilms()) {
    if (signal?.aborted) break; // the next ingest goes on
    const { pixelSha256, fileSha256, rows, columns, selection } = film as Required<CatalogueFilm>;
    if (!judge.canTell(selection) || !hasMaster(home, pixelSha256)) continue;
    const square = await loadMaster(home, pixelSha256, MASTER_SIZE);
    const known = { ...selection, look: judge.judge({ ...selection, square }) };
    if (known.look === 'unlike') {
      const [path, code] = [masterFile(pixelSha256), 'NOT_A_SPINE'];
      const { modality: _, ...seen } = known;
      const refused = { folder: home.path, path, fileSha256, code, stage: 'select' };
      quarantine.refuse({ ...refused, at: new Date().toISOString(), selection: seen });
      catalogue.remove(film);
      yield { file: path, verdict: 'refused', code, pixelSha256, rows, columns, isOfHome: true };
    } else catalogue.add({ ...film, selection: known });
    if (++judged % SAVE_EVERY === 0) await save();
  }
  await save();
}
