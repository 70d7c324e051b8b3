import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSampler } from '@synspine/gan';
import { findPreset } from '../presets.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { assertSameProbe, takeProbe } from './generator-probe.ts';
import { createReleaseSampler, planRelease, type ReleaseSampler } from './release-plan.ts';
import { stageFolder } from './stage-result.ts';
import { GENERATOR_FILE, PROBE_FILE } from './train/output.ts';

/** The generator that training chose. */
export async function readGenerator(run: RunFolder): Promise<Uint8Array> {
  return readTrained(run, GENERATOR_FILE);
}

/**
 * Samples the images of the run's release. Throws GENERATOR_CHANGED when the network draws otherwise than when it was
 * trained: then an upgrade came in between, and what was trained must not be evaluated, audited or released as this.
 */
export async function openRunSampler(run: RunFolder): Promise<ReleaseSampler> {
  const sampler = createSampler(await readGenerator(run), findPreset(run.options.preset));
  assertSameProbe(takeProbe(sampler), await readTrained(run, PROBE_FILE));
  return createReleaseSampler(sampler, planRelease(run.options, sampler.classCount));
}

async function readTrained(run: RunFolder, name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(stageFolder(run, 'train'), name)));
}
