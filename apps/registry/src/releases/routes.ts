import type { Deps } from '../deps.ts';
import type { SomeHandlers } from '../http/route-types.ts';
import { announceRelease, latestVersion } from './announce-release.ts';
import { publishRelease } from './publish-release.ts';
import { readUploadState, receivePart } from './uploads.ts';

type ReleaseRoutes = 'createRelease' | 'uploadState' | 'putPart' | 'completeRelease' | 'latestVersion';

export function releaseHandlers(deps: Deps): SomeHandlers<ReleaseRoutes> {
  return {
    async createRelease({ body, headers, caller }) {
      const id = await announceRelease(deps, caller.id, body.manifest, headers['idempotency-key']);
      return readUploadState(deps, caller.id, id);
    },
    uploadState: ({ params, caller }) => readUploadState(deps, caller.id, params.releaseId),
    putPart: ({ params, headers, body, caller }) =>
      receivePart(deps, caller.id, { ...params, digest: headers['content-digest'], bytes: body }),
    completeRelease: ({ params, caller }) => publishRelease(deps, caller.id, params.releaseId),
    latestVersion: async ({ caller }) => ({ version: await latestVersion(deps.prisma, caller.id) }),
  };
}
