import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GanError, type GanPreset } from '@synspine/gan';
import { releaseManifest } from '@synspine/protocol';
import { MANIFEST_FILE } from '@synspine/release';
import { LABEL_SCHEMES } from '../films/label-schemes.ts';
import type { Home } from '../home.ts';
import { findPreset } from '../presets.ts';
import { listRuns, openRun, type RunFolder } from '../runs/run-folder.ts';
import { SiteError } from '../site-error.ts';
import { readGenerator } from '../stages/open-run-sampler.ts';
import type { PreprocessOutput } from '../stages/preprocess/run.ts';
import { readResult, type StageResult } from '../stages/stage-result.ts';

/** Weights, and what one must know to draw with them. */
export type FoundGenerator = {
  weights: Uint8Array;
  sha256: string;
  preset: GanPreset;
  /** undefined where nothing names the conditions; their number decides then. */
  classNames?: readonly string[];
  /** Whether a privacy audit approved of it. */
  isAudited: boolean;
};

/** The generator of a run, by default of the newest that has one. Throws RUN_UNKNOWN, NO_GENERATOR. */
export async function findRunGenerator(home: Home, runId?: string): Promise<FoundGenerator> {
  for (const run of runId ? [await openRun(home, runId)] : await listRuns(home)) {
    const trained = await readResult(run, 'train');
    if (!trained) continue;
    const weights = await readGenerator(run);
    const { classNames } = (await readResult(run, 'preprocess'))!.output as Partial<PreprocessOutput>;
    return {
      weights,
      sha256: hash(weights),
      preset: findPreset(run.options.preset),
      classNames: classNames ?? LABEL_SCHEMES.binary.classNames,
      isAudited: await isApproved(run, trained),
    };
  }
  throw new SiteError('NO_GENERATOR');
}

/** The audit is a stage: it is done only when it approved. One from before this training was of another generator. */
async function isApproved(run: RunFolder, trained: StageResult): Promise<boolean> {
  const audited = await readResult(run, 'privacy-audit');
  return audited?.kind === 'done' && audited.epoch > trained.epoch;
}

/**
 * A generator from a file. A released one is put beside its manifest (which `synspine pull` fetches; an admin of the registry hands out
 * the weights). The manifest lists its hash, names its preset and classes, and exists only where the audit approved. Of another file
 * nothing is known, and `presetName` must say how it was built. Throws NO_GENERATOR, OPTION_INVALID.
 */
export async function readGeneratorFile(path: string, presetName?: string): Promise<FoundGenerator> {
  const weights = await readFile(path).catch(() => {
    throw new SiteError('NO_GENERATOR');
  });
  const sha256 = hash(weights);
  const manifest = await readManifestBeside(path);
  const isReleased = manifest?.files.some((file) => file.kind === 'generator' && file.sha256 === sha256);
  const name = presetName ?? (isReleased ? manifest?.preset : undefined);
  if (!name) throw new SiteError('OPTION_INVALID', 'name the generator’s --preset');
  return {
    weights: new Uint8Array(weights),
    sha256,
    preset: findPreset(name),
    ...(isReleased && manifest && { classNames: manifest.classNames }),
    isAudited: isReleased === true,
  };
}

async function readManifestBeside(path: string) {
  const jws = await readFile(join(dirname(path), MANIFEST_FILE), 'utf8').catch(() => '');
  try {
    const payload: unknown = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
    return releaseManifest.safeParse(payload).data;
  } catch {
    return undefined; // no manifest, or none that can be read
  }
}

/** The conditions' names, by their number where nothing names them. Throws for another number of conditions. */
export function nameClasses({ classNames }: FoundGenerator, classCount: number): readonly string[] {
  const known = [classNames, ...Object.values(LABEL_SCHEMES).map((scheme) => scheme.classNames)];
  const names = known.find((list) => list?.length === classCount);
  if (!names) throw new GanError('gan-checkpoint-damaged', `A generator of ${classCount} classes.`);
  return names;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
