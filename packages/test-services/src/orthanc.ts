import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { runAfterDeath, temporaryDir } from './watchdog.ts';

export interface TestOrthanc {
  /** Its REST API. */
  url: string;
  /** Where its DICOMweb server lies. */
  dicomWebUrl: string;
  dicomPort: number;
  stop(): Promise<void>;
}

export interface OrthancPeers {
  /** DICOM peers by a name of the test's own, as Orthanc writes them: AE title, host, port. */
  modalities?: Record<string, [string, string, number]>;
  /** STOW-RS servers by a name of the test's own. */
  webServers?: Record<string, { Url: string; HttpHeaders?: Record<string, string> }>;
  aeTitle?: string;
}

const START_TIMEOUT_MS = 30_000;
const DICOM_WEB_PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';

/**
 * A real Orthanc of one's own on 127.0.0.1 with its DICOMweb plugin. Gone once the process has ended. Fails, never skips,
 * when it is not installed.
 */
export async function testOrthanc({
  modalities,
  webServers,
  aeTitle = 'ORTHANC',
}: OrthancPeers = {}): Promise<TestOrthanc> {
  const dir = temporaryDir('orthanc');
  const [httpPort, dicomPort] = [await getPort({ host: '127.0.0.1' }), await getPort({ host: '127.0.0.1' })];
  const settings = {
    ...{ Name: 'test', StorageDirectory: `${dir}/storage`, IndexDirectory: `${dir}/storage` },
    ...{ HttpPort: httpPort, DicomPort: dicomPort, DicomAet: aeTitle, HttpBindAddresses: ['127.0.0.1'] },
    ...{ RemoteAccessAllowed: false, AuthenticationEnabled: false, OverwriteInstances: true },
    ...{ Plugins: [DICOM_WEB_PLUGIN], DicomModalities: modalities ?? {}, ConcurrentJobs: 8 },
    DicomWeb: { Enable: true, Root: '/dicom-web/', Servers: webServers ?? {} },
  };
  writeFileSync(`${dir}/orthanc.json`, JSON.stringify(settings));
  const log = openSync(`${dir}/orthanc.log`, 'a');
  const child = spawn('Orthanc', [`${dir}/orthanc.json`], { stdio: ['ignore', log, log] });
  runAfterDeath('kill -KILL "$2"; rm -rf "$1"', [dir, String(child.pid)]);
  const url = `http://127.0.0.1:${httpPort}`;
  let failure: Error | undefined;
  child.once('error', (cause) => {
    failure = new Error('Orthanc is not installed. Run: apt-get install orthanc orthanc-dicomweb', { cause });
  });
  child.once('exit', () => {
    failure ??= new Error('Orthanc ended while starting. Read orthanc.log in its temporary folder.');
  });
  for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(50)) {
    if (failure) throw failure;
    if (await answers(`${url}/system`)) break;
    if (Date.now() > deadline) throw new Error('Orthanc did not answer in 30 s.');
  }
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { url, dicomWebUrl: `${url}/dicom-web`, dicomPort, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // not listening yet: asked again until the deadline
  }
}
