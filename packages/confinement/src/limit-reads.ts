import { existsSync } from 'node:fs';
import { canConfine, confinementPath } from '../setup/confinement-path.mjs';
import { loadAddon } from './addon.ts';

/**
 * Takes from this process, in all its threads and for good, reading files outside of `paths`. Folders can still be listed;
 * writing, and moving files, stay as they were. A path stands for what it is now: a file put in its place later can't be read.
 *
 * @returns false where the kernel can't (Linux before 5.19, or without Landlock): then nothing is taken
 */
export function limitReads(paths: readonly string[]): boolean {
  return canLimitReads() && loadAddon(confinementPath()).limitReads(paths, false);
}

/** Whether {@link limitReads} can do it here. */
export function canLimitReads(): boolean {
  const isBuilt = canConfine() && existsSync(confinementPath());
  return isBuilt && loadAddon(confinementPath()).landlockVersion() >= VERSION_MIN;
}

const VERSION_MIN = 2; // native/limit_reads.cc says why
