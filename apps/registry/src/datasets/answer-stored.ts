import type { ReleaseFile as ManifestFile } from '@synspine/protocol';
import type { Deps } from '../deps.ts';
import type { ReleaseFile } from '../generated/client.ts';
import type { Caller, FileAnswer } from '../http/route-types.ts';
import type { RecordDownload } from './record-downloads.ts';

const CONTENT_TYPES: Record<ManifestFile['kind'], string> = {
  generator: 'application/octet-stream',
  images: 'application/vnd.apache.parquet',
  grid: 'image/png',
};

/** A release's stored file. A download is written to the audit trail when its bytes are asked for, so not for 304 or HEAD. */
export function answerStored(
  { store, prisma, record }: Pick<Deps, 'store' | 'prisma'> & { record: RecordDownload },
  file: ReleaseFile,
  caller: Caller,
): FileAnswer {
  const kind = file.kind as ManifestFile['kind'];
  return {
    size: Number(file.size),
    sha256: file.sha256,
    contentType: CONTENT_TYPES[kind],
    name: file.name,
    async isServed() {
      const release = await prisma.release.findUnique({ where: { id: file.releaseId } });
      return release !== null && release.status !== 'withdrawn';
    },
    async open(range) {
      if (kind !== 'grid') await record(caller, `${file.releaseId}/${file.name}`, range !== undefined);
      return (await store.get(file.objectKey, range)).stream;
    },
  };
}
