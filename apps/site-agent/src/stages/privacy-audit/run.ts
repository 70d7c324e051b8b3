import { join } from 'node:path';
import type { AuditReport } from '@synspine/audit-rules';
import { initCompute } from '@synspine/compute';
import { type AuditInput, auditRelease, decideGate, type ImageSet, PrivacyError } from '@synspine/privacy';
import { writeJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import { openHoldOut } from '../../films/hold-out.ts';
import { openTrainingFilms } from '../../films/training-films.ts';
import { readPolicy } from '../../policy.ts';
import { findPreset } from '../../presets.ts';
import type { RunFolder } from '../../runs/run-folder.ts';
import { type InceptionCache, openInceptionCache } from '../inception-cache.ts';
import { openRunSampler } from '../open-run-sampler.ts';
import type { ReleaseSampler } from '../release-plan.ts';
import type { StageContext, StageOutcome } from '../stage.ts';

export type AuditOutput = { audit: AuditReport };

/**
 * Images of the release that go through all tests, by what the machine can embed in minutes. 192 can't show a share below .55 (P2),
 * however many patients are held out; with enough patients for it, a few minutes more must not be what is missing.
 */
const EMBEDDED = {
  cpu: { least: 192, perPatient: 5, most: 2_000 },
  gpu: { least: 10_000, perPatient: 0, most: 10_000 },
};

/** How many images go through all tests; reports state their number. */
export function embeddedCount(device: keyof typeof EMBEDDED, heldOutPatients: number): number {
  const { least, perPatient, most } = EMBEDDED[device];
  return Math.min(most, Math.max(least, perPatient * heldOutPatients));
}
/** The others, every one, are screened for near copies, so many at once. */
const SCREENED_BYTES = 16 * 1024 ** 2;

/**
 * The gate: attacks the release's own images as an outsider would, and decides by the site's policy. Whatever comes out
 * but `approve` ends the run here, with the report in the run directory.
 */
export async function runPrivacyAudit(context: StageContext): Promise<StageOutcome> {
  const { home, run, draft, usesReferencePolicy, signal } = context;
  const { device } = initCompute({ threads: context.threads });
  const policy = (await readPolicy(home, { usesReferencePolicy })).privacy;
  const onProgress = (done: number, total: number) => context.report({ share: (0.5 * done) / total });
  const inception = await openInceptionCache(run.folders.features, signal, onProgress);
  const input = await collectInput(context, inception, device);
  const findings = tryAudit(() => auditRelease(input, policy));
  inception.dispose();
  const audit = decideGate(findings, { policy, imageSize: input.train.size }, new Date());
  await writeJson(join(draft, 'audit.json'), audit);
  const output: AuditOutput = { audit };
  if (audit.decision === 'approve') return { kind: 'done', output };
  return {
    kind: 'stopped',
    code: audit.decision === 'reject' ? 'AUDIT_REJECTED' : 'AUDIT_UNDECIDED',
    output,
  };
}

/** Sets that can't be audited have no findings; the gate then rejects. */
function tryAudit<T>(audit: () => T): T | null {
  try {
    return audit();
  } catch (error) {
    if (error instanceof PrivacyError && error.code === 'too-few-patients') return null;
    throw error;
  }
}

async function collectInput(
  { run }: StageContext,
  inception: InceptionCache,
  device: keyof typeof EMBEDDED,
): Promise<AuditInput> {
  const size = findPreset(run.options.preset).resolution;
  const { train } = await openTrainingFilms(run);
  const { films: heldOut } = await openHoldOut(run);
  const real = async (films: FilmSet) => ({
    images: films.pixels,
    size,
    patients: films.patients,
    features: await inception.features(films.pixels, size),
  });
  const count = embeddedCount(device, new Set(heldOut.patients).size);
  const { embedded, others } = await openReleased(run, count);
  return {
    train: await real(train),
    heldOut: await real(heldOut),
    synthetic: { images: embedded, size, features: await inception.features(embedded, size) },
    alsoReleased: others,
    seed: run.options.seed,
  };
}

/** The first images of each class, and all others of the release; sampled while they are screened, as they may be gigabytes. */
async function openReleased(
  run: RunFolder,
  count: number,
): Promise<{ embedded: Uint8Array; others: Iterable<ImageSet> }> {
  const size = findPreset(run.options.preset).resolution;
  const sampler = await openRunSampler(run);
  const ofEach = Math.ceil(count / sampler.classCount);
  const first = Array.from({ length: sampler.classCount }, (_, label) => sampler.ofClass(label, ofEach));
  function* others(): Generator<ImageSet> {
    try {
      yield* batches(skipFirst(sampler, ofEach), size);
    } finally {
      sampler.dispose();
    }
  }
  return { embedded: new Uint8Array(Buffer.concat(first)), others: others() };
}

function* skipFirst(sampler: ReleaseSampler, count: number): Generator<Uint8Array> {
  const seen = new Array<number>(sampler.classCount).fill(0);
  for (const { label, gray } of sampler.images()) if (seen[label]!++ >= count) yield gray;
}

function* batches(images: Iterable<Uint8Array>, size: number): Generator<ImageSet> {
  let batch: Uint8Array[] = [];
  const take = () => ({ images: new Uint8Array(Buffer.concat(batch)), size });
  for (const image of images) {
    batch.push(image);
    if (batch.length * size * size < SCREENED_BYTES) continue;
    yield take();
    batch = [];
  }
  if (batch.length > 0) yield take();
}
