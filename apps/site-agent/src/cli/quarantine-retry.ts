import type { Command } from 'commander';
import { openCatalogueIndex } from '../films/catalogue-index.ts';
import type { QuarantineEntry } from '../films/quarantine.ts';
import { retryFilms } from '../films/retry-films.ts';
import { openHome } from '../home.ts';
import { SiteError } from '../site-error.ts';
import { homeOption } from './home-option.ts';
import { type FilmFlags, holdOutOption } from './ingest-flags.ts';
import { takeVerdicts } from './take-verdicts.ts';

type RetryFlags = Pick<FilmFlags, 'home' | 'labels' | 'holdOut' | 'json'> & { code?: string; all?: true };
type ReadEntries = (home: string) => Promise<QuarantineEntry[]>;

export function addRetryCommand(quarantine: Command, readEntries: ReadEntries): void {
  quarantine
    .command('retry')
    .description('Read refused files again, after their labels or selection.json were changed')
    .argument('[ids...]', 'from `quarantine list`')
    .addOption(homeOption())
    .option('--code <code>', 'all files that were refused with this code')
    .option('--all', 'all files')
    .option('--labels <csv>', 'instead of the label file that the films came with')
    .addOption(holdOutOption())
    .option('--json <file>', 'write the new verdict on each file, for the site’s own eyes')
    .action((ids: string[], flags: RetryFlags) => retry(ids, flags, readEntries));
}

async function retry(ids: string[], flags: RetryFlags, readEntries: ReadEntries): Promise<void> {
  const entries = selectEntries(await readEntries(flags.home), ids, flags);
  const home = await openHome(flags.home);
  const fit = await fitOf(flags.home);
  const unplaced = entries.filter(({ folder }) => folder === undefined).length;
  await takeVerdicts(flags.json, (options) =>
    retryFilms(home, entries, {
      ...options,
      fit,
      labelFile: flags.labels,
      keepPublishedHoldOut: flags.holdOut === 'published',
    }),
  );
  if (unplaced > 0)
    process.stdout.write(
      `${unplaced} were refused by an older agent or at their source: ingest them again.\n`,
    );
}

function selectEntries(entries: QuarantineEntry[], ids: string[], { code, all }: RetryFlags) {
  if (!all && !code && ids.length === 0)
    throw new SiteError('OPTION_INVALID', 'name ids, or say --code or --all');
  const unknown = ids.find((id) => !entries.some((entry) => entry.id === id));
  if (unknown) throw new SiteError('OPTION_INVALID', 'no such id in quarantine');
  return entries.filter((entry) => all || entry.code === code || ids.includes(entry.id));
}

/** As the films of this home were cut. */
async function fitOf(folder: string) {
  const catalogue = await openCatalogueIndex(await openHome(folder));
  await catalogue.close();
  return catalogue.fit ?? 'squeeze';
}
