import type { ReleaseFile } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { Caller, FileAnswer, SomeHandlers } from '../http/route-types.ts';
import { presentDataset } from './present-dataset.ts';
import { findDataset, findDatasetFile, findDatasets } from './repository.ts';

type DatasetRoutes = 'listDatasets' | 'getDataset' | 'getManifest' | 'getFile' | 'getGenerator' | 'getGrid';
type Which = { name?: string; kind: ReleaseFile['kind'] };

const CONTENT_TYPES: Record<ReleaseFile['kind'], string> = {
  generator: 'application/octet-stream',
  images: 'application/vnd.apache.parquet',
  grid: 'image/png',
};

export function datasetHandlers(deps: Deps): SomeHandlers<DatasetRoutes> {
  const { prisma } = deps;
  const answer = (releaseId: string, which: Which, caller: Caller) =>
    answerFile(deps, releaseId, which, caller);
  return {
    async listDatasets({ query }) {
      return { datasets: (await findDatasets(prisma, query)).map(presentDataset) };
    },
    getDataset: async ({ params }) => presentDataset(await findDataset(prisma, params.releaseId)),
    async getManifest({ params }) {
      return { manifest: (await findDataset(prisma, params.releaseId)).manifest };
    },
    // Only image shards: the generator has a route and a role of its own.
    getFile: ({ params, caller }) => answer(params.releaseId, { name: params.name, kind: 'images' }, caller),
    getGenerator: ({ params, caller }) => answer(params.releaseId, { kind: 'generator' }, caller),
    getGrid: ({ params, caller }) => answer(params.releaseId, { kind: 'grid' }, caller),
  };
}

/** A download is written to the audit trail when its bytes are asked for, so not for 304 or HEAD. */
async function answerFile(deps: Deps, releaseId: string, which: Which, caller: Caller): Promise<FileAnswer> {
  const file = await findDatasetFile(deps.prisma, releaseId, which);
  return {
    size: Number(file.size),
    sha256: file.sha256,
    contentType: CONTENT_TYPES[which.kind],
    name: file.name,
    async open(range) {
      if (which.kind !== 'grid') await recordDownload(deps, caller, `${releaseId}/${file.name}`);
      return (await deps.store.get(file.objectKey, range)).stream;
    },
  };
}

async function recordDownload({ prisma, clock }: Deps, caller: Caller, subject: string): Promise<void> {
  const event = { at: clock(), actor: caller.id, action: 'file.download', subject };
  await inTransaction(prisma, (tx) => appendAudit(tx, event));
}
