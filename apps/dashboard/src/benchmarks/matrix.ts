import { type BenchmarkCell, POOLED, STRATIFIED, siteLeftOut } from '@synspine/protocol';

/**
 * The matrix. Rows (trained on): the pool, the pool without a site, then synthetic, then real. Columns (tested on): all sites,
 * stratified before pooled, then each site.
 */
export function matrixOf(cells: BenchmarkCell[]) {
  const rank = (s: string) => {
    if (s === 'synthetic:pool') return 0;
    if (siteLeftOut(s)) return 1;
    return s.startsWith('synthetic:') ? 2 : 3;
  };
  const rows = [...new Set(cells.map((c) => c.trainedOn))].sort(
    (a, b) => rank(a) - rank(b) || a.localeCompare(b),
  );
  const joint = (s: string) => [STRATIFIED, POOLED, s].indexOf(s);
  const columns = [...new Set(cells.map((c) => c.testedOn))].sort(
    (a, b) => joint(a) - joint(b) || a.localeCompare(b),
  );
  const at = (row: string, column: string) => cells.find((c) => c.trainedOn === row && c.testedOn === column);
  return { rows, columns, at };
}

/** Sites where a classifier was scored and no real result of the same training stands beside it. */
export function sitesWithoutComparison(cells: BenchmarkCell[]): string[] {
  const isSite = (name: string) => ![STRATIFIED, POOLED].includes(name);
  const scored = cells.filter((c) => c.trainedOn.startsWith('synthetic:') && isSite(c.testedOn));
  const isCompared = (site: string) =>
    cells.some(
      (real) =>
        real.trainedOn === `real:${site}` &&
        scored.every((c) => c.testedOn !== site || c.training === real.training),
    );
  return [...new Set(scored.map((c) => c.testedOn))].filter((site) => !isCompared(site)).sort();
}

/** What a cell's interval holds besides the test's patients, in words. */
export function describeSeeds({ generators, seeds }: BenchmarkCell): string {
  const classifiers = `${seeds} classifier seed${seeds === 1 ? '' : 's'}`;
  return generators === undefined
    ? classifiers
    : `${generators} generator${generators === 1 ? '' : 's'} × ${classifiers}`;
}
