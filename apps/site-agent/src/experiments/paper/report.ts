import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { writeDurably, writeJson } from '../../durable-file.ts';
import { toBinaryLabels } from '../../films/label-schemes.ts';
import { settingsTable } from './as-published.ts';
import { describeClaims } from './claims.ts';
import { drawCurves } from './curve-figure.ts';
import { drawFigure } from './figure.ts';
import { openDataset } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import { isScorable, openOutside } from './outside.ts';
import { type Dataset, everyoneOf, planUnits } from './plan.ts';
import { type PaperResults, readResults } from './results.ts';
import { HOLD_OUT, scoreFilms } from './score-films.ts';
import {
  aucTable,
  curveTable,
  findingsTable,
  fullProtocolTable,
  qualityTable,
  toCsv,
  toMarkdown,
} from './tables.ts';

/**
 * Lets every classifier judge the hold-out and the films from outside, and writes tables, figures and `paper.json` of a
 * finished experiment. Throws EXPERIMENT_UNFINISHED.
 */
export async function writeReport(
  folder: ExperimentFolder,
  datasets: readonly Dataset[],
  outsideNames: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  initCompute();
  const outside = await Promise.all(outsideNames.map((name) => openScorable(folder, name)));
  const { holdOut } = await openDataset(folder, everyoneOf(datasets));
  const scored = outside.filter(({ isScored }) => isScored).map(({ test }) => test);
  const tests = [{ name: HOLD_OUT, films: holdOut }, ...scored];
  await scoreFilms(folder, planUnits(datasets, folder.options), tests, signal);
  const results = await readResults(folder, datasets, outside);
  await writeTables(folder, results);
  for (const dataset of datasets) await writeFigures(folder, dataset, results);
  await writeJson(join(folder.results, 'paper.json'), results); // last: it says that the rest is there
}

/** Films of one class alone have no AUC; they are listed without one. */
async function openScorable(folder: ExperimentFolder, name: string) {
  const { test, facts } = await openOutside(folder, name);
  const { labels, classNames, patients } = test.films;
  return { test, facts, isScored: isScorable({ labels: toBinaryLabels(labels, classNames), patients }) };
}

async function writeTables(folder: ExperimentFolder, results: PaperResults): Promise<void> {
  const tables = {
    'table-1': aucTable(results),
    'table-2': qualityTable(results),
    curve: curveTable(results),
    settings: settingsTable(results),
    ...(results.fullProtocol.length > 0 && { 'table-2-full-protocol': fullProtocolTable(results) }),
    ...(results.findings.length > 0 && { findings: findingsTable(results) }),
  };
  for (const [name, table] of Object.entries(tables)) {
    await writeDurably(join(folder.results, `${name}.md`), toMarkdown(table));
    await writeDurably(join(folder.results, `${name}.csv`), toCsv(table));
  }
  const claims = describeClaims(results).map((claim) => `- ${claim}\n`);
  await writeDurably(join(folder.results, 'claims.md'), claims.join(''));
}

async function writeFigures(
  folder: ExperimentFolder,
  dataset: Dataset,
  results: PaperResults,
): Promise<void> {
  const { train } = await openDataset(folder, dataset);
  const { image, rows } = await drawFigure(folder, dataset.name, train.classNames);
  await writeDurably(join(folder.results, `figure-${dataset.name}.png`), image);
  await writeJson(join(folder.results, `figure-${dataset.name}.json`), { rows });
  const curves = drawCurves(results, dataset.name);
  await writeDurably(join(folder.results, `curve-${dataset.name}.svg`), curves);
}
