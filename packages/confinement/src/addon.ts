import { createRequire } from 'node:module';

/** What native/confine.cc exports. */
export type Addon = {
  /** Takes sockets, other processes and writing to files; false where the kernel has no such filter. */
  confine(): boolean;
  /**
   * Takes reading files outside of `paths`, and, `withLists`, listing folders there. False where the kernel's Landlock is older
   * than version 2 (Linux 5.19) or absent: then nothing is taken.
   */
  limitReads(paths: readonly string[], withLists: boolean): boolean;
  /** The kernel's version of Landlock, 0 where it has none. */
  landlockVersion(): number;
};

export function loadAddon(path: string): Addon {
  return createRequire(import.meta.url)(path) as Addon;
}
