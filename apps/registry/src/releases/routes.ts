import type { Deps } from '../deps.ts';
import { presentSound } from '../http/present-sound.ts';
import type { SomeHandlers } from '../http/route-types.ts';
import { announceRelease, latestVersion } from './announce-release.ts';
import { completeRelease } from './complete-release.ts';
import { findVerifier, progressOf } from './present-release.ts';
import { findOwnReleases } from './repository.ts';
import { readUploadState, receivePart } from './uploads.ts';

type ReleaseRoutes =
  | 'createRelease'
  | 'uploadState'
  | 'putPart'
  | 'completeRelease'
  | 'latestVersion'
  | 'listOwnReleases';

export function releaseHandlers(deps: Deps): SomeHandlers<ReleaseRoutes> {
  return {
    async createRelease({ body, headers, caller }) {
      const id = await announceRelease(deps, caller.id, body.manifest, headers['idempotency-key']);
      return readUploadState(deps, caller.id, id);
    },
    uploadState: ({ params, caller }) => readUploadState(deps, caller.id, params.releaseId),
    putPart: ({ params, headers, body, caller }) =>
      receivePart(deps, caller.id, { ...params, digest: headers['content-digest'], bytes: body }),
    completeRelease: ({ params, caller }) => completeRelease(deps, caller.id, params.releaseId),
    latestVersion: async ({ caller }) => ({ version: await latestVersion(deps.prisma, caller.id) }),
    async listOwnReleases({ caller }) {
      const rows = await findOwnReleases(deps.prisma, caller.id);
      const releases = presentSound(rows, progressOf(deps.log));
      return { releases, verifier: await findVerifier(deps.prisma) };
    },
  };
}
