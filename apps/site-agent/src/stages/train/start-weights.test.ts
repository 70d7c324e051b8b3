import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { generatorWeights, presets, trainGan } from '@synspine/gan';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { keepStartFile, openStart, readStartFile } from './start-weights.ts';

const temporaryFolder = useTemporaryFolders();
const preset = presets['demo-32'];

let weights: Uint8Array;
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
    const { sha256, bytes } = await readStartFile(file, preset, 2);
    await keepStartFile(folder, bytes);
    await truncate(file, 0);
    const start = await openStart(folder, sha256, preset);
    expect(start!.generator['synthesis.const']!.shape).toEqual([1, 4, 4, 64]);
    expect(await openStart(folder, undefined, preset)).toBeUndefined();
  });

  it('stop the run when the copy is missing or another file', async () => {
    const { sha256, bytes } = await readStartFile(file, preset, 2);
    await expect(openStart(folder, sha256, preset)).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
    await keepStartFile(folder, bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1));
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
