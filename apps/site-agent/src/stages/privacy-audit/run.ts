import { join } from 'node:path';
import type { AuditReport } from '@synspine/audit-rules';
import { initCompute } from '@synspine/compute';
import { type AuditInput, auditRelease, decideGate, PrivacyError } from '@synspine/privacy';
import { writeJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import { openHoldOut } from '../../films/hold-out.ts';
import { openTrainingFilms } from '../../films/training-films.ts';
import { readPolicy } from '../../policy.ts';
import { findPreset } from '../../presets.ts';
import type { RunFolder } from '../../runs/run-folder.ts';
import { type InceptionCache, openInceptionCache } from '../inception-cache.ts';
import { openRunSampler } from '../open-run-sampler.ts';
import type { StageContext, StageOutcome } from '../stage.ts';

export type AuditOutput = { audit: AuditReport };

/** Images of the release that are audited, by what the machine can embed in minutes. Reports state their number. */
const AUDITED_MAX = { cpu: 192, gpu: 10_000 };
/** Beyond them, images are compared with the training films by pixels alone: about two minutes' worth at any size. */
const SCREENED_PIXELS_MAX = 2_000 * 64 ** 2;

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
  const input = await collectInput(context, inception, AUDITED_MAX[device]);
  const findings = tryAudit(() => auditRelease(input, policy));
  inception.dispose();
  const audit = decideGate(findings, policy, new Date());
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
  auditedMax: number,
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
  const { embedded, screened } = await sampleAudited(run, auditedMax);
  return {
    train: await real(train),
    heldOut: await real(heldOut),
    synthetic: { images: embedded, size, features: await inception.features(embedded, size) },
    alsoReleased: { images: screened, size },
    embed: (pixels) => inception.embed(pixels, size),
    seed: run.options.seed,
  };
}

/** The first images of each class go through all tests; the others, as many as there is time for, are screened by pixels. */
async function sampleAudited(
  run: RunFolder,
  max: number,
): Promise<{ embedded: Uint8Array; screened: Uint8Array }> {
  const preset = findPreset(run.options.preset);
  const area = preset.resolution ** 2;
  const sampler = await openRunSampler(run);
  const [embeddedMax, screenedMax] = [max, SCREENED_PIXELS_MAX / area].map((n) =>
    Math.ceil(n / sampler.classCount),
  );
  const classes = Array.from({ length: sampler.classCount }, (_, label) =>
    sampler.ofClass(label, embeddedMax! + screenedMax!),
  );
  sampler.dispose();
  const join = (part: (images: Uint8Array) => Uint8Array) => new Uint8Array(Buffer.concat(classes.map(part)));
  return {
    embedded: join((images) => images.subarray(0, embeddedMax! * area)),
    screened: join((images) => images.subarray(embeddedMax! * area)),
  };
}
