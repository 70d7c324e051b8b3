import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { installWeed } from './install-weed.ts';
import { runAfterDeath, temporaryDir } from './watchdog.ts';

/** What an S3 client needs to use the bucket. */
export interface TestBucket {
  endpoint: string;
  region: string;
  bucket: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

interface Server {
  endpoint: string;
  credentials: TestBucket['credentials'];
  createBucket(name: string): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
let server: Promise<Server> | undefined;

const PORTS = ['master', 'volume', 'filer', 's3'] as const;
type Ports = Record<(typeof PORTS)[number] | `${(typeof PORTS)[number]}.grpc`, number>;

async function choosePorts(): Promise<Ports> {
  const names = PORTS.flatMap((name) => [name, `${name}.grpc` as const]);
  const entries: [string, number][] = [];
  for (const name of names) entries.push([name, await getPort({ host: '127.0.0.1' })]);
  return Object.fromEntries(entries) as Ports;
}

function launch(
  weed: string,
  dir: string,
  ports: Ports,
  credentials: TestBucket['credentials'],
): ChildProcess {
  const admin = {
    name: 'test',
    credentials: [{ accessKey: credentials.accessKeyId, secretKey: credentials.secretAccessKey }],
    actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
  };
  writeFileSync(join(dir, 's3.json'), JSON.stringify({ identities: [admin] }));
  mkdirSync(join(dir, 'data'));
  const portFlags = PORTS.flatMap((name) => [
    `-${name}.port=${ports[name]}`,
    `-${name}.port.grpc=${ports[`${name}.grpc`]}`,
  ]);
  const log = openSync(join(dir, 'weed.log'), 'w');
  const small = ['-master.volumeSizeLimitMB=128', '-master.volumePreallocate=false', '-volume.max=64'];
  const closed = [
    '-master.telemetry=false',
    '-s3.port.iceberg=0',
    '-s3.port.lance=0',
    '-s3.autoCreateBucket=false',
  ];
  const child = spawn(
    weed,
    [
      '-logtostderr=true',
      'server',
      `-dir=${join(dir, 'data')}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      '-filer',
      '-s3',
      `-s3.config=${join(dir, 's3.json')}`,
      ...portFlags,
      ...small,
      ...closed,
    ],
    { stdio: ['ignore', log, log] },
  );
  child.unref();
  return child;
}

/** One command of SeaweedFS's own shell. It answers errors with text and exit status 0, so the text is judged. */
function weedShell(weed: string, ports: Ports, command: string): Promise<string> {
  const at = (name: (typeof PORTS)[number]) => `127.0.0.1:${ports[name]}.${ports[`${name}.grpc`]}`;
  const child = spawn(weed, ['shell', `-master=${at('master')}`, `-filer=${at('filer')}`]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  child.stdin.end(`${command}\nexit\n`);
  return new Promise((done) => child.once('close', () => done(output)));
}

async function waitUntilReady(child: ChildProcess, endpoint: string): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null) break;
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer && answer.status < 500) return; // unsigned requests are refused, which is an answer
  }
  throw new Error('SeaweedFS did not start. Read weed.log in its temporary folder.');
}

async function startServer(): Promise<Server> {
  const weed = await installWeed();
  const dir = temporaryDir('s3');
  const ports = await choosePorts();
  const credentials = {
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(20).toString('hex'),
  };
  const child = launch(weed, dir, ports, credentials);
  runAfterDeath('kill -KILL "$2"; sleep 1; rm -rf "$1"', [dir, `${child.pid}`]);
  const endpoint = `http://127.0.0.1:${ports.s3}`;
  await waitUntilReady(child, endpoint);
  const createBucket = async (name: string) => {
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(200)) {
      const output = await weedShell(weed, ports, `s3.bucket.create -name ${name}`);
      if (output.includes('create bucket')) return;
      if (Date.now() > deadline) throw new Error(`SeaweedFS made no bucket: ${output}`);
    }
  };
  return { endpoint, credentials, createBucket };
}

/**
 * A new, empty bucket on a real S3 server (SeaweedFS), which the first call in a process installs and starts.
 * Server and buckets are gone once the process has ended. Fails, never skips, when it can't be installed.
 */
export async function testBucket(): Promise<TestBucket> {
  server ??= startServer();
  const { endpoint, credentials, createBucket } = await server;
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  await createBucket(bucket);
  return { endpoint, region: 'us-east-1', bucket, credentials };
}
