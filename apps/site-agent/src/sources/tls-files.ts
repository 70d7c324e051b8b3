import { readFile } from 'node:fs/promises';
import type { TlsPaths } from './settings.ts';

/** What node:tls takes for a server. */
export type TlsFiles = {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
  requestCert?: boolean;
  rejectUnauthorized?: boolean;
};

/** Reads the PEM files of a listener; undefined where it has no TLS. */
export async function readTlsFiles(paths: TlsPaths | undefined): Promise<TlsFiles | undefined> {
  if (!paths) return undefined;
  const files = { cert: await readFile(paths.certificate), key: await readFile(paths.key) };
  if (!paths.clientCa) return files;
  return { ...files, ca: await readFile(paths.clientCa), requestCert: true, rejectUnauthorized: true };
}
