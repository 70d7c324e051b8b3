import { syncFolder } from '../../durable-file.ts';

/**
 * fsync of a folder for many writers at once: whoever asks while one is under way shares the next, since only a sync that
 * begins after a rename is sure to cover it.
 */
export function createFolderSync(path: string): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= running
      .catch(() => undefined) // its own callers are told
      .then(() => {
        next = undefined;
        running = syncFolder(path);
        return running;
      });
    return next;
  };
}
