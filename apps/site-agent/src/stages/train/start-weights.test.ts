import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { encodeCheckpoint, generatorWeights, presets, trainGan } from '@synspine/gan';
import { lineage, type ReleaseManifest } from '@synspine/protocol';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunFolder } from '../../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../../runs/run-options.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { describeLineage } from '../sign/lineage.ts';
import type { TrainOutput } from './output.ts';
import { ancestryOf, keepStartFile, openStart, readStartFile } from './start-weights.ts';

const temporaryFolder = useTemporaryFolders();
const preset = presets['demo-32'];

let weights: Uint8Array;
let checkpointBytes: Uint8Array;

const lineageFacts = {
  presetVersion: 2,
  ganLoss: 'logistic',
  precision: 'float32',
  seed: 1,
  judge: null,
} as const;
const releaseFacts = { schema: 'synspine.release/1', siteId: 'alder', version: 3 };
beforeAll(async () => {
  initCompute({ threads: 2 });
  const films = { images: new Uint8Array(4 * 32 * 32), labels: Uint8Array.of(0, 1, 0, 1) };
  const { checkpoint } = await trainGan({
    preset,
    ...films,
    classNames: ['normal', 'abnormal'],
    validation: films,
    ...{ seed: 1, imagesShown: 0, xla: false, checkpointEvery: 8 },
    onProgress: () => {},
    onCheckpoint: () => {},
  });
  weights = generatorWeights(checkpoint);
  checkpointBytes = encodeCheckpoint(checkpoint);
});

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder, 'ZZCANARY released generator');
  await writeFile(file, weights);
});

describe('weights to start from', () => {
  it('are known by their hash, and taken whole from a release of the same preset', async () => {
    const { sha256, bytes, transfer } = await readStartFile(file, preset, 2);
    expect(sha256).toBe(createHash('sha256').update(weights).digest('hex'));
    expect(Buffer.from(bytes).equals(Buffer.from(weights))).toBe(true);
    expect(transfer).toEqual({ generatorShare: 1, discriminatorShare: 0 });
  });

  it('are read from the run’s own copy, when the file they came from is gone', async () => {
    const chosen = await readStartFile(file, preset, 2);
    const { sha256 } = chosen;
    await keepStartFile(folder, chosen);
    await truncate(file, 0);
    const start = await openStart(folder, sha256, preset);
    expect(start!.generator['synthesis.const']!.shape).toEqual([1, 4, 4, 64]);
    expect(await openStart(folder, undefined, preset)).toBeUndefined();
  });

  it('stop the run when the copy is missing or another file', async () => {
    const { sha256, bytes, ancestry } = await readStartFile(file, preset, 2);
    await expect(openStart(folder, sha256, preset)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
    await keepStartFile(folder, { bytes: bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1), ancestry });
    await expect(openStart(folder, sha256, preset)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
  });

  it('are refused, without the file’s name, when they are missing, no weights, damaged or of another network', async () => {
    const refused = async (path: string, of: keyof typeof presets, why: string) => {
      const error = await readStartFile(path, presets[of], 2).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining(why) });
      expect((error as Error).message).not.toContain('ZZCANARY');
    };
    await refused(join(folder, 'ZZCANARY none'), 'demo-32', 'no such file');
    await refused(folder, 'demo-32', 'no such file');
    await refused(file, 'paper-256', 'gan-other-network');
    await writeFile(file, 'no weights');
    await refused(file, 'demo-32', 'HEADER_TOO_LARGE');
    await writeFile(file, weights.subarray(0, -1));
    await refused(file, 'demo-32', 'LENGTH_MISMATCH');
    await truncate(file, 2 ** 30 + 1); // sparse
    await refused(file, 'demo-32', 'larger than 1 GiB');
  });
});

describe('where weights come from', () => {
  const sha256 = () => createHash('sha256').update(weights).digest('hex');
  const older = { sha256: 'b'.repeat(64), kind: 'release', release: null } as const;

  /** A manifest as a site signs it, next to the file; the signature is not looked at here. */
  async function lay(more: Partial<ReleaseManifest>, hash = sha256()): Promise<void> {
    const files = [
      { name: 'generator.safetensors', kind: 'generator', size: weights.length, sha256: hash },
      { name: 'images-00000.parquet', kind: 'images', size: 1, sha256: 'c'.repeat(64) },
    ] as const;
    const payload = JSON.stringify({ ...releaseFacts, files, ...more });
    await writeFile(join(folder, 'manifest.jws'), `e30.${Buffer.from(payload).toString('base64url')}.AA`);
  }

  it('is told by the manifest beside a release, and so on to the first of the line', async () => {
    await lay({ lineage: { ...lineageFacts, ancestors: [older], origin: 'random' } });
    const { ancestry } = await readStartFile(file, preset, 2);
    const release = { siteId: 'alder', version: 3, manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) };
    expect(ancestry).toEqual({
      ancestors: [{ sha256: sha256(), kind: 'release', release }, older],
      origin: 'random',
    });
    await keepStartFile(folder, { bytes: weights, ancestry });
    const options = { ...DEFAULT_RUN_OPTIONS, initFrom: sha256(), judgeWeight: 0.2, seed: 7 };
    const judge = { imagesShown: 80, share: 0.5, lambdaMean: 0.1, heldShare: 0.25 };
    const chosen = { imagesShown: 160, copySharePixels: 0.5, judge };
    const run = { options, folders: { checkpoints: folder } } as RunFolder;
    const trained = { chosen, presetVersion: preset.version, imagesPlanned: 320 } as TrainOutput;
    const told = await describeLineage(run, trained);
    expect(lineage.parse(told)).toEqual({
      ...ancestry,
      ...{
        presetVersion: preset.version,
        ganLoss: 'logistic',
        precision: 'float32',
        seed: 7,
        imagesPlanned: 320,
      },
      judge: { weight: 0.2, ...judge },
    });
  });

  it('is unknown without a manifest, with that of other weights, and from an agent that kept none', async () => {
    const unknown = { ancestors: [{ sha256: sha256(), kind: 'release', release: null }], origin: 'unknown' };
    expect((await readStartFile(file, preset, 2)).ancestry).toEqual(unknown);
    await lay({}, 'd'.repeat(64));
    expect((await readStartFile(file, preset, 2)).ancestry).toEqual(unknown);
    await lay({});
    expect((await readStartFile(file, preset, 2)).ancestry).toMatchObject({
      ancestors: [{ release: { siteId: 'alder' } }],
      origin: 'unknown',
    });
  });

  it('is random where a run starts from none, and a long line is cut', async () => {
    expect(await ancestryOf(folder, undefined, preset)).toEqual({ ancestors: [], origin: 'random' });
    await lay({ lineage: { ...lineageFacts, ancestors: Array(8).fill(older), origin: 'random' } });
    const { ancestry } = await readStartFile(file, preset, 2);
    expect([ancestry.ancestors.length, ancestry.origin]).toEqual([8, 'unknown']);
  });

  it('is told of a checkpoint by the note that its run keeps', async () => {
    await writeFile(file, checkpointBytes);
    const alone = await readStartFile(file, preset, 2);
    expect(alone.ancestry).toMatchObject({ ancestors: [{ kind: 'checkpoint' }], origin: 'unknown' });
    await writeFile(join(folder, 'start.json'), JSON.stringify({ ancestors: [older], origin: 'random' }));
    expect((await readStartFile(file, preset, 2)).ancestry).toEqual({
      ancestors: [...alone.ancestry.ancestors, older],
      origin: 'random',
    });
  });
});
