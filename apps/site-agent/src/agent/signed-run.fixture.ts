import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { honestAudit } from '@synspine/audit-rules/honest-audit.fixture';
import { writeSafetensors } from '@synspine/compute';
import type { ReleaseManifest } from '@synspine/protocol';
import { MANIFEST_FILE, signManifest } from '@synspine/release';
import { type Home, readEnrolment } from '../home.ts';
import { readKey } from '../keys.ts';
import { pipeline } from '../pipeline.ts';
import { claimRun } from '../runs/claim.ts';
import { createRun, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { executeStage } from '../stages/execute-stage.ts';
import { RELEASE_FOLDER, type SignOutput } from '../stages/sign/output.ts';
import type { StageContext, StageJob } from '../stages/stage.ts';

/** A run that has only its upload before it: a small release, signed with the home's key, and nothing in the stages before. */
export async function makeSignedRun(home: Home): Promise<RunFolder> {
  const run = await createRun(home, DEFAULT_RUN_OPTIONS);
  for (const job of pipeline.slice(0, -1)) {
    const { epoch, guard } = await claimRun(run);
    const signal = new AbortController().signal;
    const work = async (context: StageContext) =>
      ({ kind: 'done', output: job.name === 'sign' ? await sign(context) : { classes: [] } }) as const;
    const short: StageJob = { ...job, load: async () => work };
    await executeStage(short, { home, run, epoch, guard, signal, threads: 1, usesReferencePolicy: true });
  }
  return run;
}

async function sign({ home, run, draft }: StageContext): Promise<SignOutput> {
  const folder = join(draft, RELEASE_FOLDER);
  await mkdir(folder);
  const files: [string, ReleaseManifest['files'][number]['kind'], Uint8Array][] = [
    [
      'generator.safetensors',
      'generator',
      writeSafetensors({ w: { shape: [700], data: new Float32Array(700) } }),
    ],
    ['grid.png', 'grid', Buffer.alloc(500, 1)],
    ['images-00000.parquet', 'images', Buffer.alloc(2_000, 2)],
  ];
  for (const [name, , bytes] of files) await writeFile(join(folder, name), bytes);
  const { siteId } = await readEnrolment(home);
  const described = files.map(([name, kind, bytes]) => ({
    name,
    kind,
    size: bytes.length,
    sha256: hash(bytes),
  }));
  const jws = await signManifest(
    describeRelease(siteId, run.runId, described),
    await readKey(home, 'signing'),
  );
  await writeFile(join(folder, MANIFEST_FILE), jws);
  return { version: 1, manifestSha256: hash(Buffer.from(jws.split('.')[1]!, 'base64url')), bytes: 5_000 };
}

function describeRelease(siteId: string, runId: string, files: ReleaseManifest['files']): ReleaseManifest {
  const counts = { train: 300, validation: 50, heldOut: 120 };
  const drawn = { drawn: 10, rejected: 'AAA=', rejections: [] };
  return {
    ...{ schema: 'synspine.release/1', siteId, version: 1, runId, createdAt: new Date().toISOString() },
    ...{ agentVersion: '0.2.0', tensorflowVersion: '2.18.1', preset: 'test', imageSize: 32 },
    classNames: ['normal', 'abnormal'],
    synthetic: {
      ...{ seed: 1, psi: 1, imagesPerClass: [10, 10] },
      candidates: { stride: 128, classes: [drawn, drawn] },
    },
    lineage: {
      ...{ presetVersion: 1, ganLoss: 'logistic', precision: 'float32', seed: 1, imagesPlanned: 1_000 },
      judge: { weight: 0.1, imagesShown: 800, share: 0.8, lambdaMean: 0.08, heldShare: 0 },
      ...{ ancestors: [], origin: 'random' },
    },
    training: { loss: 'spinegan', imagesShown: 1_000, fit: 'squeeze', films: counts, patients: counts },
    holdOutCommitment: hash(Buffer.from('hold-out')),
    quality: { imageSize: 32, scores: [] },
    audit: honestAudit(),
    files,
  } satisfies ReleaseManifest;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
