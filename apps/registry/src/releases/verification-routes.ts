import { ProblemError, waitingRelease } from '@synspine/protocol';
import { answerStored } from '../datasets/answer-stored.ts';
import type { RecordDownload } from '../datasets/record-downloads.ts';
import type { Deps } from '../deps.ts';
import type { Release } from '../generated/client.ts';
import { presentSound } from '../http/present-sound.ts';
import type { SomeHandlers } from '../http/route-types.ts';
import { receiveVerdict } from './decide-release.ts';

type VerificationRoutes = 'listWaiting' | 'getWaitingManifest' | 'getWaitingFile' | 'putVerdict';

const WAITING_MAX = 100;
/** What these routes show and nothing else: neither what isn't whole yet nor what has been decided. */
const waiting = { status: 'verifying' } as const;

export function verificationHandlers(
  deps: Deps & { record: RecordDownload },
): SomeHandlers<VerificationRoutes> {
  const { prisma, clock } = deps;
  return {
    async listWaiting({ caller }) {
      await prisma.site.update({ where: { id: caller.id }, data: { verifierSeenAt: clock() } });
      return { releases: await findWaiting(deps) };
    },
    async getWaitingManifest({ params }) {
      const release = await prisma.release.findFirst({ where: { id: params.releaseId, ...waiting } });
      if (!release) throw new ProblemError('NOT_FOUND');
      return { manifest: release.manifest };
    },
    async getWaitingFile({ params: { releaseId, name }, caller }) {
      const file = await prisma.releaseFile.findFirst({ where: { releaseId, name, release: waiting } });
      if (!file) throw new ProblemError('NOT_FOUND');
      return answerStored(deps, file, caller);
    },
    putVerdict: ({ params, body, caller }) => receiveVerdict(deps, caller.id, { ...params, ...body }),
  };
}

async function findWaiting({ prisma, log }: Pick<Deps, 'prisma' | 'log'>) {
  const releases = await prisma.release.findMany({
    where: waiting,
    orderBy: [{ completedAt: 'asc' }, { id: 'asc' }],
    take: WAITING_MAX,
  });
  const present = ({ id: releaseId, siteId, version, manifestSha256, completedAt }: Release) => ({
    ...{ releaseId, siteId, version, manifestSha256 },
    since: completedAt!.toISOString(),
  });
  const idOf = ({ id }: Release) => id;
  return presentSound(releases, { log, table: 'release', schema: waitingRelease, present, idOf });
}
