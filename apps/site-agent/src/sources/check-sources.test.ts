import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { describeSources, requireUsableSources } from './check-sources.ts';
import { parseSourceSettings, type SourceSettings } from './settings.ts';

const temporaryFolder = useTemporaryFolders();

// biome-ignore lint/suspicious/noExplicitAny: JSON that a test breaks anywhere
type Sources = Record<string, any>;

let folder: string;
let taken: Server;
beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'labels.csv'), 'sop_instance_uid,label\n');
  await writeFile(join(folder, 'token'), 'a token of the site\n', { mode: 0o600 });
  await mkdir(join(folder, 'films'));
  for (const name of ['site', 'other']) makeCertificate(name);
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
});
afterEach(() => taken.close());

/** NAME.pem, its own authority, and NAME.key. */
function makeCertificate(name: string): void {
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  const [command, ...args] = ['openssl', ...kind, '-subj', '/CN=site', '-days', '2', ...files];
  execFileSync(command!, args, { cwd: folder, stdio: 'ignore' });
}

/** Port 1 stands for "none": it is never tried where the test says that the ports are held already. */
function settings(change: (all: Sources) => void = () => {}): SourceSettings {
  const at = (name: string) => join(folder, name);
  const all = {
    ...{ schema: 'synspine.sources/1', labels: at('labels.csv'), folders: [{ path: at('films') }] },
    dicom: {
      port: 1,
      callers: [{ aeTitle: 'PACS', addresses: ['10.1.2.0/24'] }],
      tls: { certificate: at('site.pem'), key: at('site.key'), clientCa: at('other.pem') },
    },
    stow: { port: 1, addresses: ['10.1.2.3'], tokenFile: at('token') },
    dicomWeb: { url: 'https://pacs.example.org/dicom-web', basicFile: at('token') },
  };
  change(all);
  return parseSourceSettings(JSON.stringify(all));
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('requireUsableSources', () => {
  it('is content with sources that are all there', async () => {
    await requireUsableSources(settings(), true);
    expect(describeSources(settings())).toBe(
      '1 folders; C-STORE on 127.0.0.1:1 as SYNSPINE from 1 callers; STOW-RS on 127.0.0.1:1; DICOMweb',
    );
  });

  it.each<[string, RegExp, (all: Sources) => void]>([
    ['labels', /no such file yet/, (all) => (all.labels += 'x')],
    ['folders.0', /Mount it/, (all) => (all.folders[0].path += 'x')],
    ['dicom.tls', /PEM file can not be read/, (all) => (all.dicom.tls.key += 'x')],
    ['dicom.tls', /not the certificate’s/, (all) => (all.dicom.tls.key = join(folder, 'other.key'))],
    ['dicom.tls', /no PEM certificate/, (all) => (all.dicom.tls.clientCa = all.labels)],
    ['stow.tokenFile', /chmod 600/, (all) => (all.stow.tokenFile += 'x')],
    ['dicomWeb.basicFile', /chmod 600/, (all) => (all.dicomWeb.basicFile = all.labels)],
    ['dicom.callers.0', /every address/, (all) => (all.dicom.callers[0].addresses = ['0.0.0.0/0'])],
    ['stow.addresses', /every address/, (all) => (all.stow.addresses = ['10.0.0.1', '::/0'])],
    ['dicom.callers', /listed twice/, (all) => all.dicom.callers.push(all.dicom.callers[0])],
  ])('names %s and what to do: %s', async (part, text, change) => {
    const failed = await requireUsableSources(settings(change), true).catch((error: Error) => error);
    expect(failed).toMatchObject({ code: 'SOURCES_UNUSABLE' });
    expect(failed!.message).toContain(`(${part}: `);
    expect(failed!.message).toMatch(text);
    expect(failed!.message).not.toContain(folder);
  });

  it('names ports that are taken, twice used, or not of this machine, unless the agent holds them itself', async () => {
    const busy = settings((all) => (all.stow.port = portOf(taken)));
    busy.dicom = undefined;
    await expect(requireUsableSources(busy, false)).rejects.toThrow(/stow.port: The port is not free/);
    await requireUsableSources(busy, true);
    await expect(requireUsableSources(settings(), false)).rejects.toThrow(
      /stow.port: It is the port of `dicom`/,
    );
    busy.stow!.bind = '203.0.113.1'; // of the documentation's network
    await expect(requireUsableSources(busy, false)).rejects.toThrow(/stow.bind: It is no address/);
    await new Promise((closed) => taken.close(closed));
    await requireUsableSources({ ...busy, stow: { ...busy.stow!, bind: '127.0.0.1' } }, false);
  });

  it('tells a token that others can read, and everything at once', async () => {
    await chmod(join(folder, 'token'), 0o644);
    await rm(join(folder, 'films'), { recursive: true });
    await expect(requireUsableSources(settings(), true)).rejects.toThrow(/folders\.0: .*stow\.tokenFile: /);
  });
});
