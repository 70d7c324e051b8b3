import type { BenchmarkCell } from '@synspine/protocol';
import { readDescriptor } from '../benchmarks/classifiers.ts';
import type { Queries } from '../database/open-database.ts';
import { readStoredManifest } from '../datasets/present-dataset.ts';
import { findTombstones, withdrawnAncestors } from './tombstones.ts';

/** The cells, those marked whose classifiers learnt from a withdrawn release or from one that began from its weights. */
export async function markWithdrawn(db: Queries, cells: readonly BenchmarkCell[]): Promise<BenchmarkCell[]> {
  const tombstones = await findTombstones(db);
  if (tombstones.size === 0) return [...cells];
  const ids = [...new Set(cells.flatMap(({ classifierId }) => classifierId ?? []))];
  const classifiers = await db.classifier.findMany({ where: { id: { in: ids } } });
  const learntFrom = new Map(
    classifiers.map(({ id, descriptor }) => [
      id,
      readDescriptor(descriptor).releases.map(({ manifestSha256 }) => manifestSha256),
    ]),
  );
  const hashes = [...new Set([...learntFrom.values()].flat())];
  const releases = await db.release.findMany({ where: { manifestSha256: { in: hashes } } });
  const tainted = new Set(
    releases
      .filter(({ manifest }) => withdrawnAncestors(readStoredManifest(manifest), tombstones).length > 0)
      .map(({ manifestSha256 }) => manifestSha256),
  );
  return cells.map((cell) => {
    const isTainted = learntFrom.get(cell.classifierId ?? '')?.some((sha256) => tainted.has(sha256));
    return isTainted ? { ...cell, warnings: [...(cell.warnings ?? []), 'training-withdrawn'] } : cell;
  });
}
