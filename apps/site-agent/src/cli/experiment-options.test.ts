import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { type ExperimentFlags, readDensenetWeights } from './experiment-options.ts';

const temporaryFolder = useTemporaryFolders();
const flagsOf = (classifier: string, densenetWeights: string) =>
  ({ classifier, densenetWeights }) as ExperimentFlags;

test('weights of DenseNet are refused for another network, and when they are none', async () => {
  const path = join(await temporaryFolder(), 'weights.safetensors');
  await expect(readDensenetWeights(flagsOf('small-cnn', path))).rejects.toThrow(
    /OPTION_INVALID.*not densenet-121/s,
  );
  await expect(readDensenetWeights(flagsOf('densenet-121', path))).rejects.toThrow(
    /OPTION_INVALID.*NO_PRETRAINED/s,
  );
  await writeFile(path, new Uint8Array(64));
  await expect(readDensenetWeights(flagsOf('densenet-121', path))).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});
