import type { ReleaseFile } from '@synspine/protocol';
import type { Deps } from '../deps.ts';
import { presentOne, presentSound } from '../http/present-sound.ts';
import type { Caller, FileAnswer, SomeHandlers } from '../http/route-types.ts';
import { findTombstones } from '../withdrawals/tombstones.ts';
import { withdrawRelease } from '../withdrawals/withdraw-release.ts';
import { answerStored } from './answer-stored.ts';
import { datasetsOf } from './present-dataset.ts';
import type { RecordDownload } from './record-downloads.ts';
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

export function datasetHandlers(deps: Deps & { record: RecordDownload }): SomeHandlers<DatasetRoutes> {
  const { prisma } = deps;
  const presentation = async () => datasetsOf(deps.log, await findTombstones(prisma));
  const answer = (releaseId: string, which: Which, caller: Caller) =>
    answerFile(deps, releaseId, which, caller);
  return {
    async listDatasets({ query }) {
      return { datasets: presentSound(await findDatasets(prisma, query), await presentation()) };
    },
    getDataset: async ({ params }) =>
      presentOne(await findDataset(prisma, params.releaseId), await presentation()),
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

async function answerFile(
  deps: Deps & { record: RecordDownload },
  releaseId: string,
  which: Which,
  caller: Caller,
): Promise<FileAnswer> {
  return answerStored(deps, await findDatasetFile(deps.prisma, releaseId, which), caller);
}
