import type { ReleaseFile as ManifestFile } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { ReleaseFile } from '../generated/client.ts';
import type { Caller, FileAnswer } from '../http/route-types.ts';

const CONTENT_TYPES: Record<ManifestFile['kind'], string> = {
  generator: 'application/octet-stream',
  images: 'application/vnd.apache.parquet',
  grid: 'image/png',
};

/** A release's stored file. A download is written to the audit trail when its bytes are asked for, so not for 304 or HEAD. */
export function answerStored(deps: Deps, file: ReleaseFile, caller: Caller): FileAnswer {
  const kind = file.kind as ManifestFile['kind'];
  return {
    size: Number(file.size),
    sha256: file.sha256,
    contentType: CONTENT_TYPES[kind],
    name: file.name,
    async isServed() {
      const release = await deps.prisma.release.findUnique({ where: { id: file.releaseId } });
      return release !== null && release.status !== 'withdrawn';
    },
    async open(range) {
      if (kind !== 'grid') await recordDownload(deps, caller, `${file.releaseId}/${file.name}`);
      return (await deps.store.get(file.objectKey, range)).stream;
    },
  };
}

async function recordDownload({ prisma, clock }: Deps, caller: Caller, subject: string): Promise<void> {
  const event = { at: clock(), actor: caller.id, action: 'file.download', subject };
  await inTransaction(prisma, (tx) => appendAudit(tx, event));
}
