import { createHash, randomBytes } from 'node:crypto';
import { honestAudit } from '@synspine/audit-rules/honest-audit.fixture';
import type { ReleaseManifest } from '@synspine/protocol';

/** Files of a small release, by name, in the order of its manifest. */
export type ReleaseBytes = Record<string, Buffer>;

export const sha256Hex = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
export const contentDigest = (bytes: Uint8Array) =>
  `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

/** A strict safetensors file of `size` bytes: one tensor of random values. */
function makeWeights(size: number): Buffer {
  const describe = (dataBytes: number) =>
    JSON.stringify({ w: { dtype: 'F16', shape: [dataBytes / 2], data_offsets: [0, dataBytes] } });
  const room = 8 + Math.ceil(describe(size).length / 2) * 2 + (size % 2);
  const header = Buffer.from(describe(size - room).padEnd(room - 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, randomBytes(size - room)]);
}

/** Only the generator's header is looked at by the registry; the other files are any bytes. */
export function makeFiles(sizes: Record<string, number> = {}): ReleaseBytes {
  return {
    'generator.safetensors': makeWeights(sizes['generator.safetensors'] ?? 3_000),
    'grid.png': randomBytes(sizes['grid.png'] ?? 500),
    'images-00000.parquet': randomBytes(sizes['images-00000.parquet'] ?? 2_000),
  };
}

const KINDS = { safetensors: 'generator', png: 'grid', parquet: 'images' } as const;

export const approval = honestAudit();

const drawn = { drawn: 10, rejected: 'AAA=', rejections: [] };
const candidates = { stride: 128, classes: [drawn, drawn] };
const lineage: ReleaseManifest['lineage'] = {
  ...{ presetVersion: 1, ganLoss: 'logistic', precision: 'float32', seed: 1, imagesPlanned: 1_000 },
  judge: { weight: 0.1, imagesShown: 800, share: 0.8, lambdaMean: 0.08, heldShare: 0 },
  ...{ ancestors: [], origin: 'random' },
};

/** A manifest that fits `files`; `change` replaces whole fields. */
export function makeManifest(
  siteId: string,
  files: ReleaseBytes,
  change: Partial<ReleaseManifest> = {},
): ReleaseManifest {
  const counts = { train: 300, validation: 50, heldOut: 120 };
  return {
    schema: 'synspine.release/1',
    siteId,
    version: 1,
    runId: 'run-0000000001',
    createdAt: '2026-11-24T00:00:00.000Z',
    agentVersion: '0.2.0',
    tensorflowVersion: '2.18.1',
    preset: 'test',
    imageSize: 32,
    classNames: ['normal', 'abnormal'],
    synthetic: { seed: 1, psi: 1, imagesPerClass: [10, 10], candidates },
    lineage,
    training: { loss: 'spinegan', imagesShown: 1000, fit: 'squeeze', films: counts, patients: counts },
    holdOutCommitment: sha256Hex('hold-out'),
    quality: { imageSize: 32, scores: [] },
    audit: approval,
    files: Object.entries(files).map(([name, bytes]) => ({
      name,
      kind: KINDS[name.split('.')[1] as keyof typeof KINDS],
      size: bytes.length,
      sha256: sha256Hex(bytes),
    })),
    ...change,
  };
}
