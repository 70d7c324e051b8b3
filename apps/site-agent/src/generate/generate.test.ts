import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initCompute } from '@synspine/compute';
import { createSampler, generatorWeights, presets, trainGan } from '@synspine/gan';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { createRun, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { findRunGenerator } from './find-generator.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const preset = presets['demo-32'];
const SIZE = preset.resolution;

let weights: Uint8Array;
beforeAll(async () => {
  initCompute({ threads: 2 });
  const films = {
    images: Uint8Array.from({ length: 8 * SIZE ** 2 }, (_, i) => (i * 31) % 256),
    labels: Uint8Array.from({ length: 8 }, (_, i) => i % 2),
  };
  const { checkpoint } = await trainGan({
    ...{ preset, ...films, validation: films, classNames: ['normal', 'abnormal'] },
    onProgress: () => undefined,
    onCheckpoint: async () => undefined,
    ...{ seed: 1, imagesShown: preset.batch, xla: false, checkpointEvery: preset.batch },
  });
  weights = generatorWeights(checkpoint);
}, 120_000);

let home: Home;
let out: string;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
  out = join(await temporaryFolder(), 'out');
});

let epoch = 0; // each stage is worked on under a later claim
async function leaveResult(run: RunFolder, stage: string, kind: string, output: object): Promise<void> {
  await mkdir(join(run.folders.stages, stage), { recursive: true });
  await writeJson(join(run.folders.stages, stage, 'result.json'), { stage, kind, output, epoch: ++epoch });
}

/** A run as the stages leave it: trained, and audited with the given outcome if any. */
async function addRun(audit?: 'done' | 'stopped'): Promise<RunFolder> {
  const run = await createRun(home, DEFAULT_RUN_OPTIONS);
  const leave = (stage: string, kind: string, output: object) => leaveResult(run, stage, kind, output);
  await leave('preprocess', 'done', { classNames: ['normal', 'abnormal'] });
  await leave('train', 'done', {});
  await writeFile(join(run.folders.stages, 'train', 'generator.safetensors'), weights);
  if (audit) await leave('privacy-audit', audit, {});
  return run;
}

type Outcome = { code: number | null; text: string };
function generate(...args: string[]): Promise<Outcome> {
  const flags = ['--class', 'abnormal', '--count', '3', '--out', out, ...args];
  const child = spawn(process.execPath, [BIN, 'generate', ...flags], {
    env: { ...process.env, SYNSPINE_THREADS: '2' },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  return new Promise((done) => child.once('close', (code) => done({ code, text })));
}

/** As tools find XMP in files of any format: by its first and last instruction. */
function packetIn(file: Buffer): string {
  const text = file.toString('utf8');
  return text.slice(text.indexOf('<?xpacket begin='), text.indexOf('<?xpacket end="r"?>'));
}

describe('synspine-site generate', () => {
  it('writes PNG and DICOM of the class, the same again for the same seed, and replaces nothing unasked', async () => {
    await addRun('done');
    const args = ['--home', home.path, '--psi', '.7', '--seed', '5', '--format', 'both'];
    expect(await generate(...args)).toMatchObject({ code: 0 });
    const names = (await readdir(out)).sort();
    expect(names).toEqual(
      [0, 1, 2].flatMap((i) => ['dcm', 'png'].map((ending) => `synthetic-abnormal-5-00000${i}.${ending}`)),
    );
    const sampler = createSampler(weights, preset);
    const drawn = sampler.sample({ labels: Uint8Array.of(1, 1, 1), seed: 5, psi: 0.7 });
    sampler.dispose();
    for (const i of [0, 1, 2]) {
      const expected = Buffer.from(drawn.subarray(i * SIZE ** 2, (i + 1) * SIZE ** 2));
      const png = sharp(join(out, `synthetic-abnormal-5-00000${i}.png`));
      expect(await png.metadata()).toMatchObject({ channels: 1, depth: 'uchar', width: SIZE, height: SIZE });
      expect(await png.toColourspace('b-w').raw().toBuffer()).toEqual(expected);
      const dicom = await readFile(join(out, `synthetic-abnormal-5-00000${i}.dcm`));
      expect(dicom.subarray(-(SIZE ** 2))).toEqual(expected); // pixel data is the last element
    }
    const packets = await Promise.all(names.map(async (name) => packetIn(await readFile(join(out, name)))));
    expect(packets[0]).toContain('digitalsourcetype/trainedAlgorithmicMedia"');
    expect(new Set(packets).size).toBe(1);
    const before = await readFile(join(out, names[0]!));
    expect(await generate(...args)).toMatchObject({
      code: 64,
      text: expect.stringContaining('OUTPUT_EXISTS'),
    });
    expect(await generate(...args, '--force')).toMatchObject({ code: 0 });
    expect(await readFile(join(out, names[0]!))).toEqual(before);
  }, 120_000);

  it.each([['stopped' as const], [undefined]])(
    'lets no image out of a generator whose audit is %s, unless told to, and marks those',
    async (audit) => {
      const run = await addRun(audit);
      const args = ['--home', home.path, '--run', run.runId, '--format', 'both'];
      expect(await generate(...args)).toMatchObject({
        code: 64,
        text: expect.stringContaining('NOT_AUDITED'),
      });
      const { code, text } = await generate(...args, '--unaudited');
      expect([code, text]).toEqual([0, expect.stringContaining('WARNING')]);
      const names = await readdir(out);
      expect(names.every((name) => name.startsWith('unaudited-'))).toBe(true);
      const dicom = await readFile(join(out, names.find((name) => name.endsWith('.dcm'))!), 'latin1');
      expect(dicom).toContain('NOT PRIVACY-AUDITED');
    },
    120_000,
  );

  it('takes no audit of an earlier training for one of the present generator', async () => {
    const run = await addRun('done');
    expect(await findRunGenerator(home)).toMatchObject({ isAudited: true });
    await leaveResult(run, 'train', 'done', {}); // trained anew, as after an upgrade; not yet audited
    expect(await findRunGenerator(home)).toMatchObject({ isAudited: false });
  });

  it('names the classes when it is asked for another', async () => {
    await addRun('done');
    const { code, text } = await generate('--home', home.path, '--class', 'osteophytes');
    expect([code, text]).toEqual([64, expect.stringMatching(/CLASS_UNKNOWN.*normal, abnormal/)]);
  }, 120_000);

  it('does not take a file for released that no manifest lists', async () => {
    const run = await addRun('done');
    const file = join(await temporaryFolder(), 'generator.safetensors');
    await cp(join(run.folders.stages, 'train', 'generator.safetensors'), file);
    const args = ['--generator', file, '--preset', 'demo-32'];
    expect(await generate(...args)).toMatchObject({ code: 64, text: expect.stringContaining('NOT_AUDITED') });
  }, 120_000);

  it.each(['0', '100001'])('refuses a count of %s', async (count) => {
    expect((await generate('--home', home.path, '--count', count)).code).toBe(64);
  });
});
