import type { ReleaseFile } from '@synspine/protocol';
import type { Deps } from '../deps.ts';
import type { Caller, FileAnswer, SomeHandlers } from '../http/route-types.ts';
import { findTombstones } from '../withdrawals/tombstones.ts';
import { withdrawRelease } from '../withdrawals/withdraw-release.ts';
import { answerStored } from './answer-stored.ts';
import { presentDataset } from './present-dataset.ts';
import { findDataset, findDatasetFile, findDatasets } from './repository.ts';

type DatasetRoutes =
  | 'listDatasets'
  | 'getDataset'
  | 'getManifest'
  | 'getFile'
  | 'getGenerator'
  | 'getGrid'
  | 'withdrawRelease';
type Which = { name?: string; kind: ReleaseFile['kind'] };

export function datasetHandlers(deps: Deps): SomeHandlers<DatasetRoutes> {
  const { prisma } = deps;
  const answer = (releaseId: string, which: Which, caller: Caller) =>
    answerFile(deps, releaseId, which, caller);
  return {
    async listDatasets({ query }) {
      const [releases, tombstones] = [await findDatasets(prisma, query), await findTombstones(prisma)];
      return { datasets: releases.map((release) => presentDataset(release, tombstones)) };
    },
    getDataset: async ({ params }) =>
      presentDataset(await findDataset(prisma, params.releaseId), await findTombstones(prisma)),
    async getManifest({ params }) {
      return { manifest: (await findDataset(prisma, params.releaseId)).manifest };
    },
    // Only image shards: the generator has a route and a role of its own.
    getFile: ({ params, caller }) => answer(params.releaseId, { name: params.name, kind: 'images' }, caller),
    getGenerator: ({ params, caller }) => answer(params.releaseId, { kind: 'generator' }, caller),
    withdrawRelease: ({ params, body, caller }) => withdrawRelease(deps, { ...params, ...body }, caller.id),
    getGrid: ({ params, caller }) => answer(params.releaseId, { kind: 'grid' }, caller),
  };
}

async function answerFile(deps: Deps, releaseId: string, which: Which, caller: Caller): Promise<FileAnswer> {
  return answerStored(deps, await findDatasetFile(deps.prisma, releaseId, which), caller);
}
