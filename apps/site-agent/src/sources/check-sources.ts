import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { access, constants, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { errorCode, SiteError } from '../site-error.ts';
import { readSecret } from './secret-file.ts';
import type { SourceSettings, TlsPaths } from './settings.ts';
import { readTlsFiles } from './tls-files.ts';

/** What is wrong with one part of sources.json, and what to do about it. Names the part by its place, never a path. */
type SourceProblem = { part: string; text: string };

type Probe = (settings: SourceSettings) => Promise<SourceProblem[]>;

/** Looks whether all that sources.json names is there and can be used. Listens for an instant; changes nothing. */
async function checkSources(settings: SourceSettings, isReceiving: boolean): Promise<SourceProblem[]> {
  const probes: Probe[] = [checkLabels, checkFolders, checkTls, checkSecrets, checkAddresses];
  if (!isReceiving) probes.push(checkPorts); // a running `receive` holds them itself
  const found = await Promise.all(probes.map((probe) => probe(settings)));
  return found.flat();
}

/** One line for people: what films may come from. */
export function describeSources({ folders, dicom, stow, dicomWeb }: SourceSettings): string {
  const parts = [
    folders.length > 0 && `${folders.length} folders`,
    dicom &&
      `C-STORE on ${dicom.bind}:${dicom.port} as ${dicom.aeTitles.join(', ')} from ${dicom.callers.length} callers`,
    stow && `STOW-RS on ${stow.bind}:${stow.port}`,
    dicomWeb && 'DICOMweb',
  ];
  const named = parts.filter(Boolean);
  return named.length > 0 ? named.join('; ') : 'none named: films come by `ingest` alone';
}

const problem = (part: string, text: string): SourceProblem[] => [{ part, text }];

async function checkLabels({ labels }: SourceSettings): Promise<SourceProblem[]> {
  const code = await access(labels, constants.R_OK).then(() => null, errorCode);
  if (code === null) return [];
  const next =
    code === 'ENOENT' ? 'There is no such file yet: films wait until it comes' : 'It can not be read';
  return problem('labels', `${next}. Check its path and permissions.`);
}

async function checkFolders({ folders }: SourceSettings): Promise<SourceProblem[]> {
  const problems = folders.map(async ({ path }, i) => {
    const code = await readdir(path).then(() => null, errorCode);
    return code === null
      ? []
      : problem(
          `folders.${i}`,
          `The folder can not be listed (${code}). Mount it, or check its path and permissions.`,
        );
  });
  return (await Promise.all(problems)).flat();
}

async function checkTls({ dicom, stow }: SourceSettings): Promise<SourceProblem[]> {
  const found = await Promise.all([checkPair('dicom.tls', dicom?.tls), checkPair('stow.tls', stow?.tls)]);
  return found.flat();
}

/** The certificate is one, has not run out, and belongs to the key. */
async function checkPair(part: string, paths: TlsPaths | undefined): Promise<SourceProblem[]> {
  if (!paths) return [];
  const files = await readTlsFiles(paths).catch(() => undefined);
  if (!files)
    return problem(
      part,
      'A PEM file can not be read. Check its path, and that the agent’s user may read it.',
    );
  try {
    const certificate = new X509Certificate(files.cert);
    if (!certificate.checkPrivateKey(createPrivateKey(files.key)))
      return problem(part, 'The key is not the certificate’s. Name the key that it was made with.');
    if (Date.parse(certificate.validTo) < Date.now())
      return problem(part, 'The certificate has run out. Have it renewed.');
    if (files.ca) new X509Certificate(files.ca);
    return [];
  } catch {
    return problem(
      part,
      'A file is no PEM certificate or key. Export it as PEM, the key without a password.',
    );
  }
}

async function checkSecrets({ stow, dicomWeb }: SourceSettings): Promise<SourceProblem[]> {
  const files = { 'stow.tokenFile': stow?.tokenFile, 'dicomWeb.tokenFile': dicomWeb?.tokenFile };
  const named = Object.entries({ ...files, 'dicomWeb.basicFile': dicomWeb?.basicFile });
  const problems = named.map(async ([part, path]) => {
    const error = path === undefined ? null : await readSecret(path).then(() => null, errorCode);
    return error === null
      ? []
      : problem(part, 'It can not be read, is too short, or can be read by others. Run `chmod 600` on it.');
  });
  return (await Promise.all(problems)).flat();
}

/** Lists that let nobody in, or everybody, are seldom meant. */
async function checkAddresses({ dicom, stow }: SourceSettings): Promise<SourceProblem[]> {
  const lists = [
    ...(dicom?.callers ?? []).map(({ addresses }, i) => ({ part: `dicom.callers.${i}`, addresses })),
    ...(stow ? [{ part: 'stow.addresses', addresses: stow.addresses }] : []),
  ];
  const open = lists.filter(({ addresses }) => addresses.some((network) => /\/0$/.test(network)));
  const titles = (dicom?.callers ?? []).map(({ aeTitle }) => aeTitle);
  const twice = titles.filter((title, i) => titles.indexOf(title) !== i);
  return [
    ...open.map(({ part }) => ({ part, text: 'It lets in every address. Name the network of the senders.' })),
    ...twice.map(() => ({ part: 'dicom.callers', text: 'An AE title is listed twice. Join its addresses.' })),
  ];
}

async function checkPorts({ dicom, stow }: SourceSettings): Promise<SourceProblem[]> {
  if (dicom && stow && dicom.port === stow.port && dicom.bind === stow.bind)
    return problem('stow.port', 'It is the port of `dicom`, too. Choose another.');
  const found = await Promise.all([checkPort('dicom', dicom), checkPort('stow', stow)]);
  return found.flat();
}

async function checkPort(part: string, listener: { bind: string; port: number } | undefined) {
  if (!listener) return [];
  const code = await tryListening(listener.bind, listener.port);
  if (code === null) return [];
  if (code === 'EADDRINUSE')
    return problem(`${part}.port`, 'The port is not free. Choose another, or end what uses it.');
  if (code === 'EACCES')
    return problem(`${part}.port`, 'The agent’s user may not use it. Choose one above 1023.');
  return problem(`${part}.bind`, `It is no address of this machine (${code}). Name one of its own.`);
}

async function tryListening(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return errorCode(error);
  } finally {
    server.close();
  }
}

/** Throws SOURCES_UNUSABLE with all problems, each named by its place in sources.json. */
export async function requireUsableSources(settings: SourceSettings, isReceiving: boolean): Promise<void> {
  const problems = await checkSources(settings, isReceiving);
  if (problems.length === 0) return;
  throw new SiteError('SOURCES_UNUSABLE', problems.map(({ part, text }) => `${part}: ${text}`).join(' '));
}
