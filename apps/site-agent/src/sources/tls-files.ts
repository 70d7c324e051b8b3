import { readFile } from 'node:fs/promises';

/** What node:tls takes for a server. */
export type TlsFiles = {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
  requestCert?: boolean;
  rejectUnauthorized?: boolean;
};

/** Paths of PEM files; with a `clientCa`, only clients with a certificate of it are let in. */
export type TlsPaths = { certificate: string; key: string; clientCa?: string };

export async function readTlsFiles({ certificate, key, clientCa }: TlsPaths): Promise<TlsFiles> {
  const files = { cert: await readFile(certificate), key: await readFile(key) };
  if (!clientCa) return files;
  return { ...files, ca: await readFile(clientCa), requestCert: true, rejectUnauthorized: true };
}
