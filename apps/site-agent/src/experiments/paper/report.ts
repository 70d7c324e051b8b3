import { join } from 'node:path';
import { writeDurably, writeJson } from '../../durable-file.ts';
import { drawFigure } from './figure.ts';
import { openDataset } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import type { Dataset } from './plan.ts';
import { readResults } from './results.ts';
import { aucTable, qualityTable, toCsv, toMarkdown } from './tables.ts';

/** Writes tables, figures and `paper.json` of a finished experiment. Throws EXPERIMENT_UNFINISHED. */
export async function writeReport(folder: ExperimentFolder, datasets: readonly Dataset[]): Promise<void> {
  const results = await readResults(folder, datasets);
  const at = (name: string) => join(folder.results, name);
  const tables = { 'table-1': aucTable(results), 'table-2': qualityTable(results) };
  for (const [name, table] of Object.entries(tables)) {
    await writeDurably(at(`${name}.md`), toMarkdown(table));
    await writeDurably(at(`${name}.csv`), toCsv(table));
  }
  for (const dataset of datasets) {
    const { train } = await openDataset(folder, dataset);
    const figure = await drawFigure(folder, dataset.name, train.classNames.length);
    await writeDurably(at(`figure-${dataset.name}.png`), figure);
  }
  await writeJson(at('paper.json'), results); // last: it says that the rest is there
}
