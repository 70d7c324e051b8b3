import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));

it('phantoms of no patient are a wrong call, and nothing is written; of one they are films', async () => {
  const out = join(await temporaryFolder(), 'phantoms');
  const phantoms = (patients: string) =>
    promisify(execFile)(process.execPath, [BIN, 'phantoms', '--out', out, '--patients', patients]);
  await expect(phantoms('0')).rejects.toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/--patients.*1 or more/),
  });
  expect(existsSync(out)).toBe(false);
  expect((await phantoms('1')).stdout).toMatch(/films of 1 patients/);
}, 120_000);
