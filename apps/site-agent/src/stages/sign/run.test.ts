import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { honestAudit } from '@synspine/audit-rules/honest-audit.fixture';
import { initCompute, seededNormal, seededRandom, writeSafetensors } from '@synspine/compute';
import { createSampler, presets, releaseShapes } from '@synspine/gan';
import type { ReleaseManifest } from '@synspine/protocol';
import { MANIFEST_FILE, readShard } from '@synspine/release';
import { expect, it } from 'vitest';
import { writeJson } from '../../durable-file.ts';
import { openHome } from '../../home.ts';
import { makeKey } from '../../keys.ts';
import { createRun, type RunFolder } from '../../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../../runs/run-options.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { takeProbe } from '../generator-probe.ts';
import { packCandidates } from '../release-plan.ts';
import type { StageName } from '../stage.ts';
import { stageFolder, writeResult } from '../stage-result.ts';
import { GENERATOR_FILE, PROBE_FILE } from '../train/output.ts';
import { RELEASE_FOLDER } from './output.ts';
import { runSign } from './run.ts';

const temporaryFolder = useTemporaryFolders();
const PRESET = presets['demo-32'];
const PER_CLASS = 10;
const KEPT = Uint8Array.from({ length: PER_CLASS + 2 }, (_, k) => Number(k !== 1 && k !== 4));

function drawWeights(): Uint8Array {
  const random = seededRandom(1);
  const tensors = Object.entries(releaseShapes(PRESET, 2)).map(([name, shape]) => {
    const value = () => (/affine\.bias$/.test(name) ? 1 : /bias$/.test(name) ? 0 : seededNormal(random));
    const count = shape.reduce((product, size) => product * size, 1);
    return [name, { shape, data: Float32Array.from({ length: count }, value) }] as const;
  });
  return writeSafetensors(Object.fromEntries(tensors));
}

/** What the stages before would have left of a run whose audit passed. */
async function writeStagesBefore(run: RunFolder): Promise<void> {
  const weights = drawWeights();
  const sampler = createSampler(weights, PRESET);
  const counts = { train: 300, validation: 50, heldOut: 120 };
  const outputs: [StageName, Record<string, unknown>][] = [
    ['ingest', { films: 44, refused: [] }],
    [
      'preprocess',
      {
        ...{ imageSize: PRESET.resolution, fit: 'squeeze', classNames: ['normal', 'abnormal'] },
        ...{ films: counts, patients: counts, holdOutCommitment: 'a'.repeat(64) },
      },
    ],
    ['train', { imagesShown: 1_000, chosen: {} }],
    [
      'filter',
      {
        classes: [1, 2].map(() => ({ ...packCandidates(KEPT), rejections: [{ filter: 'label', count: 2 }] })),
      },
    ],
    ['evaluate', { quality: { imageSize: PRESET.resolution, scores: [] } }],
    ['privacy-audit', { audit: honestAudit() }],
  ];
  for (const [stage, output] of outputs) {
    const folder = stageFolder(run, stage);
    await mkdir(folder, { recursive: true });
    const about = { stage, inputHash: 'x', epoch: 1, finishedAt: new Date().toISOString() };
    await writeResult(folder, { kind: 'done', output, ...about });
  }
  await writeFile(join(stageFolder(run, 'train'), GENERATOR_FILE), weights);
  await writeFile(join(stageFolder(run, 'train'), PROBE_FILE), takeProbe(sampler));
  sampler.dispose();
}

async function signRelease(): Promise<string> {
  const home = await openHome(join(await temporaryFolder(), 'home'), { create: true });
  await makeKey(home, 'signing');
  const url = 'http://127.0.0.1:9';
  const enrolledAt = new Date().toISOString();
  await writeJson(home.files.site, { siteId: 'fir', registryUrl: url, audience: url, enrolledAt });
  const run = await createRun(home, {
    ...DEFAULT_RUN_OPTIONS,
    preset: PRESET.name,
    syntheticCount: 2 * PER_CLASS,
  });
  await writeStagesBefore(run);
  const draft = join(run.path, 'draft');
  await mkdir(draft);
  const { signal } = new AbortController();
  await runSign({
    home,
    run,
    draft,
    guard: async () => {},
    signal,
    threads: 1,
    report: async () => {},
  } as never);
  return join(draft, RELEASE_FOLDER);
}

/** What Python's zlib, struct and XML parser read of PNG files. */
function readWithPython(paths: string[]) {
  const program = new URL('../../../../../packages/release/src/read-marked.fixture.py', import.meta.url);
  return JSON.parse(execFileSync('python3', [fileURLToPath(program), ...paths]).toString());
}

it('writes into every released PNG, grid and rows, that it is synthetic, and nothing else beside its pixels', async () => {
  initCompute({ threads: 1 });
  const release = await signRelease();
  const { images } = await readShard(await readFile(join(release, 'images-00000.parquet')));
  expect(images).toHaveLength(2 * PER_CLASS);
  const paths = [join(release, 'grid.png')];
  for (const [i, { png }] of images.entries()) {
    paths.push(join(release, `row-${i}`));
    await writeFile(paths.at(-1)!, png);
  }
  for (const { chunks, keyword, source } of readWithPython(paths)) {
    expect([...new Set(chunks)]).toEqual(['IHDR', 'iTXt', 'IDAT', 'IEND']);
    expect(keyword).toBe('XML:com.adobe.xmp');
    expect(source).toEqual(['http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia']);
  }
  const jws = await readFile(join(release, MANIFEST_FILE), 'utf8');
  const manifest: ReleaseManifest = JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString());
  expect(manifest.synthetic.imagesPerClass).toEqual([PER_CLASS, PER_CLASS]);
});
