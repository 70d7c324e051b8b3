import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSampler, type Sampler } from '@synspine/gan';
import { findPreset } from '../presets.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { sha256Of } from '../sealed-file.ts';
import { SiteError } from '../site-error.ts';
import type { FilterOutput } from './filter/output.ts';
import { assertSameProbe, takeProbe } from './generator-probe.ts';
import { createReleaseSampler, planRelease, type ReleaseSampler } from './release-plan.ts';
import { outputOf, readResult, stageFolder } from './stage-result.ts';
import { GENERATOR_FILE, PROBE_FILE } from './train/output.ts';

/** The generator that training chose. */
export async function readGenerator(run: RunFolder): Promise<Uint8Array> {
  return readTrained(run, GENERATOR_FILE);
}

/**
 * The trained network. Throws GENERATOR_CHANGED when the network draws otherwise than when it was
 * trained: then an upgrade came in between, and what was trained must not be evaluated, audited or released as this.
 */
export async function openTrainedSampler(run: RunFolder): Promise<Sampler> {
  const sampler = createSampler(await readGenerator(run), findPreset(run.options.preset));
  assertSameProbe(takeProbe(sampler), await readTrained(run, PROBE_FILE));
  return sampler;
}

/** Samples the images of the run's release: those that passed the filters. */
export async function openRunSampler(run: RunFolder): Promise<ReleaseSampler> {
  const { classes } = await outputOf<FilterOutput>(run, 'filter');
  const sampler = await openTrainedSampler(run);
  return createReleaseSampler(sampler, planRelease(run.options, sampler.classCount), classes);
}

/** Throws RUN_FILE_DAMAGED when the file isn't as training left it. */
async function readTrained(run: RunFolder, name: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(await readFile(join(stageFolder(run, 'train'), name)));
  const written = (await readResult(run, 'train'))?.files?.[name];
  if (written !== undefined && written !== sha256Of(bytes)) throw new SiteError('RUN_FILE_DAMAGED', name);
  return bytes;
}
