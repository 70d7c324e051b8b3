import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ComputeInfo, initCompute } from '@synspine/compute';
import type { GanPreset } from '@synspine/gan';
import type { ApprovedAudit, ReleaseManifest } from '@synspine/protocol';
import {
  assertAuditApproved,
  bundleRelease,
  MANIFEST_FILE,
  publicJwkOf,
  type ShardImage,
  signManifest,
  verifyManifest,
  writeShards,
} from '@synspine/release';
import { readEnrolment } from '../../home.ts';
import { readKey } from '../../keys.ts';
import { findPreset } from '../../presets.ts';
import { AGENT_VERSION } from '../../version.ts';
import { encodeReleased } from '../encode-released.ts';
import type { EvaluateOutput } from '../evaluate/run.ts';
import type { FilteredClass, FilterOutput } from '../filter/output.ts';
import type { IngestOutput } from '../ingest/run.ts';
import { openRunSampler, readGenerator } from '../open-run-sampler.ts';
import type { PreprocessOutput } from '../preprocess/run.ts';
import type { AuditOutput } from '../privacy-audit/run.ts';
import { planRelease, type ReleaseSampler } from '../release-plan.ts';
import { encodeGrid } from '../sample-grid.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { outputOf } from '../stage-result.ts';
import type { TrainOutput } from '../train/output.ts';
import { describeLineage } from './lineage.ts';
import { RELEASE_FOLDER, type SignOutput } from './output.ts';
import { takeVersion } from './release-counter.ts';

const ROWS_PER_SHARD = 2_000;
const REPORT_EVERY = 64; // images
const GRID_COLUMNS = 8;

/** Builds what leaves the building (images, generator, grid), lists it in a manifest and signs that. */
export async function runSign(context: StageContext): Promise<StageOutcome> {
  const { run, draft, home, guard } = context;
  const engine = initCompute({ threads: context.threads });
  const { audit } = await outputOf<AuditOutput>(run, 'privacy-audit');
  assertAuditApproved(audit, new Date()); // the pipeline stopped at the gate already, and signManifest looks once more
  const folder = join(draft, RELEASE_FOLDER);
  await mkdir(folder, { mode: 0o700 });
  await writeReleaseFiles(context, folder);
  const version = await takeVersion(home, guard);
  const manifest = await describeRelease(context, { folder, version, audit, engine });
  const key = await readKey(home, 'signing');
  const jws = await signManifest(manifest, key);
  await writeFile(join(folder, MANIFEST_FILE), jws, { mode: 0o600 });
  const { manifestSha256 } = await verifyManifest(jws, publicJwkOf(key));
  const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
  return { kind: 'done', output: { version, manifestSha256, bytes } satisfies SignOutput };
}

async function writeReleaseFiles(context: StageContext, folder: string): Promise<void> {
  const { run } = context;
  const preset = findPreset(run.options.preset);
  const { classNames } = await outputOf<PreprocessOutput>(run, 'preprocess');
  const weights = await readGenerator(run);
  const sampler = await openRunSampler(run);
  try {
    await writeFile(join(folder, 'generator.safetensors'), weights, { mode: 0o600 });
    await writeFile(join(folder, 'grid.png'), await drawReleaseGrid(sampler, preset), { mode: 0o600 });
    const images = encodeImages(context, sampler, classNames);
    await writeShards({ images, classNames, dir: folder, rowsPerShard: ROWS_PER_SHARD });
  } finally {
    sampler.dispose();
  }
}

/** The release's own first images of each class: nothing in the grid that isn't in the shards. */
async function drawReleaseGrid(sampler: ReleaseSampler, preset: GanPreset): Promise<Uint8Array> {
  const rows = Array.from({ length: sampler.classCount }, (_, label) => sampler.ofClass(label, GRID_COLUMNS));
  const rowBytes = GRID_COLUMNS * preset.resolution ** 2; // a class with fewer images gets black ones
  const filled = rows.map((row) => Buffer.concat([row, new Uint8Array(rowBytes - row.length)]));
  return encodeGrid(new Uint8Array(Buffer.concat(filled)), preset.resolution, GRID_COLUMNS);
}

async function* encodeImages(
  { run, signal, report }: StageContext,
  sampler: ReleaseSampler,
  classNames: readonly string[],
): AsyncGenerator<ShardImage> {
  const { resolution } = findPreset(run.options.preset);
  let done = 0;
  for (const { label, index, gray } of sampler.images()) {
    yield { png: await encodeReleased(gray, resolution), label: classNames[label]!, index };
    done++;
    if (done % REPORT_EVERY !== 0) continue;
    signal.throwIfAborted();
    await report({ share: done / run.options.syntheticCount });
  }
}

type Facts = { folder: string; version: number; audit: ApprovedAudit; engine: ComputeInfo };

async function describeRelease({ home, run }: StageContext, facts: Facts): Promise<ReleaseManifest> {
  const { siteId } = await readEnrolment(home);
  const preprocessed = await outputOf<PreprocessOutput>(run, 'preprocess');
  const { imageSize, classNames, fit, films, patients, holdOutCommitment } = preprocessed;
  const { refused } = await outputOf<IngestOutput>(run, 'ingest');
  const trained = await outputOf<TrainOutput>(run, 'train');
  const { quality } = await outputOf<EvaluateOutput>(run, 'evaluate');
  const { seed, psi, imagesPerClass, stride } = planRelease(run.options, classNames.length);
  const { classes } = await outputOf<FilterOutput>(run, 'filter');
  return {
    schema: 'synspine.release/1',
    siteId,
    version: facts.version,
    runId: run.runId,
    createdAt: new Date().toISOString(),
    agentVersion: AGENT_VERSION,
    tensorflowVersion: facts.engine.tensorflowVersion,
    preset: run.options.preset,
    imageSize,
    classNames,
    synthetic: {
      seed,
      psi,
      imagesPerClass,
      candidates: { stride, classes: classes.map(describeCandidates) },
    },
    training: { loss: run.options.loss, imagesShown: trained.imagesShown, fit, films, patients, refused },
    lineage: await describeLineage(run, trained),
    trainingCurve: trained.curve ?? undefined,
    holdOutCommitment,
    quality,
    audit: facts.audit,
    files: await bundleRelease(facts.folder),
  };
}

function describeCandidates({ drawn, rejected, rejections }: FilteredClass) {
  return { drawn, rejected, rejections };
}
