import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import getPort from 'get-port';
import { type Centre, openCentre } from '../../scripts/demo/centre.ts';
import { createPrograms } from '../../scripts/demo/processes.ts';
import type { BenchOptions } from '../options.ts';
import { type Summary, summarize } from '../statistics.ts';
import { type BenchSite, enrol, measureUpload, publish } from './registry/publish.ts';
import {
  measureDisk,
  measureDownload,
  measureRequests,
  pin,
  requireTools,
  startNginx,
} from './registry/tools.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const MIB = 1024 ** 2;

/** Each round's figure of ours and of the peer: requests/s, or MB/s. */
type Pair = { ours: number; peer: number };
export type RegistryFigures = {
  /** Medians of the rounds' ratios. */
  metadataToFastify: number;
  downloadToNginx: number;
  uploadToDd: number;
  ratios: Record<'metadata' | 'download' | 'upload', Summary>;
  rounds: Record<'metadata' | 'download' | 'upload', Pair[]>;
};

/**
 * The registry as it is deployed, beside what does the same work and nothing else: metadata with a researcher's token beside a bare
 * fastify route that answers the same JSON; a download beside nginx; an upload by an agent's client beside `dd` with fsync. Servers
 * have one core, their clients and the registry's PostgreSQL the other. Ours and the peer take turns in one run.
 */
export async function compareRegistry(options: BenchOptions): Promise<RegistryFigures> {
  requireTools();
  const state = mkdtempSync(join(tmpdir(), 'synspine-bench-registry-'));
  const programs = createPrograms(root);
  const peers: ChildProcess[] = [];
  try {
    const centre = await openCentre({ stateDir: state }, programs, root);
    const bytes = (options.quick ? 32 : 256) * MIB;
    return await measure({ centre, state, peers, bytes, options });
  } finally {
    for (const peer of peers) peer.kill();
    await programs.stopAll();
    rmSync(state, { recursive: true, force: true });
  }
}

type Bench = {
  centre: Centre;
  state: string;
  peers: ChildProcess[];
  bytes: number;
  options: BenchOptions;
};

async function measure({ centre, state, peers, bytes, options }: Bench): Promise<RegistryFigures> {
  const [site, verifier] = [await enrol(centre, 'alder', 'site'), await enrol(centre, 'bench', 'benchmark')];
  const { releaseId, shard } = await publish(site, verifier, bytes);
  const { token } = await centre.admin.call('createGrant', {
    body: { name: 'a researcher', role: 'researcher', days: 1 },
  });
  const dataset = await centre.admin.call('getDataset', { params: { releaseId } });
  pin(pidOf(new URL(centre.url).port));
  const fastify = await startFastify(dataset, peers);
  const nginx = await startPeerFiles(state, bytes, peers);
  const path = `/v1/datasets/${releaseId}`;
  const seconds = options.quick ? 2 : 5;
  const rounds: RegistryFigures['rounds'] = { metadata: [], download: [], upload: [] };
  measureRequests(centre.url + path, token, seconds); // compiled by now, as a server that has run is
  measureRequests(fastify + path, token, seconds);
  for (let round = 0; round < options.rounds; round++) {
    rounds.metadata.push({
      ours: measureRequests(centre.url + path, token, seconds),
      peer: measureRequests(fastify + path, token, seconds),
    });
    rounds.download.push({
      ours: measureDownload(`${centre.url}${path}/files/${shard}`, token, bytes),
      peer: measureDownload(`${nginx}/shard`, token, bytes),
    });
    rounds.upload.push(await measureWriting(site, state, { version: round + 2, bytes }));
  }
  return summarise(rounds);
}

async function measureWriting(
  site: BenchSite,
  state: string,
  { version, bytes }: { version: number; bytes: number },
): Promise<Pair> {
  const ours = await measureUpload(site, version, bytes);
  const target = join(state, 'written');
  const peer = measureDisk(join(state, 'files/shard'), target, bytes);
  rmSync(target);
  return { ours, peer };
}

function summarise(rounds: RegistryFigures['rounds']): RegistryFigures {
  const ratios = Object.fromEntries(
    Object.entries(rounds).map(([name, pairs]) => [
      name,
      summarize(pairs.map(({ ours, peer }) => ours / peer)),
    ]),
  ) as RegistryFigures['ratios'];
  return {
    metadataToFastify: ratios.metadata.median,
    downloadToNginx: ratios.download.median,
    uploadToDd: ratios.upload.median,
    ratios,
    rounds,
  };
}

/** The process that listens on a port of this machine. */
function pidOf(port: string): number {
  const said = execFileSync('ss', ['-Hltnp', `sport = :${port}`], { encoding: 'utf8' });
  return Number(/pid=(\d+)/.exec(said)![1]);
}

async function startFastify(answer: object, peers: ChildProcess[]): Promise<string> {
  const script = join(root, 'bench/children/plain-fastify.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  peers.push(child);
  child.stdin.end(JSON.stringify(answer));
  const address = await new Promise<string>((done) =>
    child.stdout.once('data', (chunk) => done(String(chunk).trim())),
  );
  pin(child.pid!);
  return address;
}

async function startPeerFiles(state: string, bytes: number, peers: ChildProcess[]): Promise<string> {
  const folder = join(state, 'files');
  mkdirSync(folder);
  writeFileSync(join(folder, 'shard'), randomBytes(bytes));
  const port = await getPort({ host: '127.0.0.1' });
  const child = await startNginx(join(state, 'nginx'), folder, port);
  peers.push(child);
  for (const pid of workersOf(child.pid!)) pin(pid);
  return `http://127.0.0.1:${port}`;
}

function workersOf(pid: number): number[] {
  const said = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return said.trim().split(/\s+/).map(Number);
}
