import type { BenchmarkCell } from '@synspine/protocol';

/** Rows (trained on: the pool, then synthetic, then real) and columns (tested on: sites, then pooled) of the matrix. */
export function matrixOf(cells: BenchmarkCell[]) {
  const rank = (s: string) => (s === 'synthetic:pool' ? 0 : s.startsWith('synthetic:') ? 1 : 2);
  const rows = [...new Set(cells.map((c) => c.trainedOn))].sort(
    (a, b) => rank(a) - rank(b) || a.localeCompare(b),
  );
  const pooledLast = (s: string) => (s === 'pooled' ? 1 : 0);
  const columns = [...new Set(cells.map((c) => c.testedOn))].sort(
    (a, b) => pooledLast(a) - pooledLast(b) || a.localeCompare(b),
  );
  const at = (row: string, column: string) => cells.find((c) => c.trainedOn === row && c.testedOn === column);
  return { rows, columns, at };
}
