import { addToQuarantine } from '../films/quarantine.ts';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import { SiteError } from '../site-error.ts';
import { createStoreScp, type Listener } from './dimse/create-store-scp.ts';
import { watchFolder } from './folders/watch-folder.ts';
import { keepIngesting } from './ingest-received.ts';
import { createLabelFile } from './label-file.ts';
import { readSecret } from './secret-file.ts';
import type { SourceSettings } from './settings.ts';
import { openHomeSpool } from './spool/open-home-spool.ts';
import type { Spool } from './spool/spool.ts';
import { createStowServer } from './stow/create-stow-server.ts';
import { openTaken, type Taken } from './taken.ts';
import { readTlsFiles } from './tls-files.ts';

export type ReceiveDeps = { home: Home; settings: SourceSettings; log: Log; signal: AbortSignal };

/** Resolves with the ports when all of it listens; `done` when `signal` has ended it. */
export type Receiving = { dicomPort?: number; stowPort?: number; done: Promise<void> };

/**
 * Starts all listeners and watched folders of the settings, and ingests films as they come. Throws SPOOL_IN_USE,
 * ADDRESS_IN_USE, SECRET_UNREADABLE.
 */
export async function receiveFilms(deps: ReceiveDeps): Promise<Receiving> {
  const { home, settings, log, signal } = deps;
  const { spool, release } = await openHomeSpool(home, settings);
  const listeners: Listener[] = [];
  try {
    const dicom = await startDicom(spool, deps);
    if (dicom) listeners.push(dicom);
    const stow = await startStow(spool, deps);
    if (stow) listeners.push(stow);
    const readLabels = createLabelFile(settings.labels, home.files.labelWords);
    const watches = watchFolders(await openTaken(home.files.taken), spool, deps);
    const ingesting = keepIngesting({ home, spool, settings, readLabels, log, signal });
    const done = Promise.all([ingesting, watches, closeOn(signal, listeners)]).then(release);
    return { dicomPort: dicom?.port, stowPort: stow?.port, done };
  } catch (error) {
    for (const listener of listeners) await listener.close();
    release();
    throw error;
  }
}

async function startDicom(spool: Spool, { settings, log }: ReceiveDeps): Promise<Listener | undefined> {
  if (!settings.dicom) return undefined;
  const { tls, artimSeconds, idleSeconds, filmSeconds, ...rest } = settings.dicom;
  const times = { artimMs: artimSeconds * 1_000, idleMs: idleSeconds * 1_000, filmMs: filmSeconds * 1_000 };
  const roomWaitMs = settings.spool.roomWaitSeconds * 1_000;
  const options = { ...rest, ...times, roomWaitMs, tls: await readTlsFiles(tls) };
  return listening(() => createStoreScp(options, { spool, log }));
}

async function startStow(spool: Spool, { settings, log }: ReceiveDeps): Promise<Listener | undefined> {
  if (!settings.stow) return undefined;
  const { tls, tokenFile, idleSeconds, filmSeconds, ...rest } = settings.stow;
  const times = { idleMs: idleSeconds * 1_000, filmMs: filmSeconds * 1_000 };
  const token = tokenFile ? await readSecret(tokenFile) : undefined;
  const roomWaitMs = settings.spool.roomWaitSeconds * 1_000;
  const options = { ...rest, ...times, roomWaitMs, token, tls: await readTlsFiles(tls) };
  return listening(() => createStowServer(options, { spool, log }));
}

/** An address that can't be had is the settings' fault. */
async function listening(start: () => Promise<Listener>): Promise<Listener> {
  try {
    return await start();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isAddress = code && ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES'].includes(code);
    throw isAddress ? new SiteError('ADDRESS_IN_USE', undefined, { cause }) : cause;
  }
}

function watchFolders(taken: Taken, spool: Spool, { home, settings, log, signal }: ReceiveDeps) {
  const watched = settings.folders.map((folder) => {
    const onRefused = (file: string, code: string) => {
      const at = new Date().toISOString();
      const refused = { folder: folder.path, path: file, fileSha256: '', code, stage: 'parse', at };
      return addToQuarantine(home, [refused]);
    };
    return watchFolder(folder, { spool, taken, log, signal, onRefused });
  });
  return Promise.all(watched);
}

async function closeOn(signal: AbortSignal, listeners: readonly Listener[]): Promise<void> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const listener of listeners) await listener.close();
}
