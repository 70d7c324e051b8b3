import { execFile } from 'node:child_process';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { encodeShard, type ShardImage } from '@synspine/release';
import { installPython } from '@synspine/test-services';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFiles, sha256Hex } from '../test-kit/release-kit.ts';
import { publish, startTestRegistry, type TestRegistry } from '../test-kit/test-registry.ts';

const CLASSES = ['normal', 'abnormal'];
const NAMES = ['images-00000.parquet', 'images-00001.parquet'];
const ROWS = 40; // each of 32 × 32 pixels of noise: a shard is larger than the blocks that readers ask for

let registry: TestRegistry;
let proxy: Server;
let rows: ShardImage[];
let shards: Buffer[];
let found: Record<string, unknown>;
beforeAll(async () => {
  const python = await installPython('readers');
  registry = await startTestRegistry();
  rows = Array.from({ length: 2 * ROWS }, (_, index) => makeRow(index));
  shards = [rows.slice(0, ROWS), rows.slice(ROWS)].map((part) => Buffer.from(encodeShard(part, CLASSES)));
  const files = { ...makeFiles(), [NAMES[0]!]: shards[0]!, [NAMES[1]!]: shards[1]! };
  const { dataset } = await publish(await registry.enrol('alder'), {}, files);
  const body = { name: 'A researcher', role: 'researcher', days: 1 } as const;
  const { token } = await registry.admin.call('createGrant', { body });
  proxy = await addToken(registry.url, token);
  const origins = [registry.url, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`];
  const [urls, proxied] = origins.map((origin) =>
    JSON.stringify(NAMES.map((name) => `${origin}/v1/datasets/${dataset.id}/files/${name}`)),
  );
  const program = fileURLToPath(new URL('read-shards.fixture.py', import.meta.url));
  const { stdout } = await promisify(execFile)(python, [program, urls!, proxied!, token]);
  found = JSON.parse(stdout) as Record<string, unknown>;
}, 900_000); // the first time it fetches the libraries
afterAll(async () => {
  proxy.close();
  await registry.close();
});

function makeRow(index: number): ShardImage {
  const noise = Array.from({ length: 32 * 33 }, (_, at) =>
    at % 33 === 0 ? 0 : (at * at * (index + 7)) % 251,
  );
  return { png: makePng(32, Buffer.from(noise)), label: CLASSES[index % 3 === 0 ? 1 : 0]!, index: index * 5 };
}

/** A gray PNG of `side` pixels from its scan lines, each behind a byte that names its filter. */
function makePng(side: number, lines: Buffer): Buffer {
  const header = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 0, 0, 0, 0]);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

/** Passes every request on with the token; nothing else of it or of the answer is touched. */
async function addToken(origin: string, token: string): Promise<Server> {
  const server = createServer((incoming, answer) => {
    const { method, url } = incoming;
    const headers = { ...incoming.headers, authorization: `Bearer ${token}` };
    request(origin + url, { method, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    }).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

const everything = () => ({
  labels: rows.map(({ label }) => CLASSES.indexOf(label)),
  indices: rows.map(({ index }) => index),
  bytes: rows.map(({ png }) => png.length),
});

it('fsspec knows a shard’s size and reads its end', () => {
  const [first] = shards;
  expect(found.read_tail_with_fsspec).toEqual({
    size: first!.length,
    tail: 'PAR1',
    etag: `"${sha256Hex(first!)}"`,
  });
});

it('pyarrow scans all shards, and reads one column alone', () => {
  expect(found.scan_with_pyarrow).toEqual(everything());
  expect(found.read_one_column_with_pyarrow).toEqual(rows.slice(0, ROWS).map(({ index }) => index));
});

it('Hugging Face datasets streams images with the names of their classes', () => {
  expect(found.stream_with_datasets).toEqual({ names: CLASSES, size: [32, 32], ...everything() });
});

it('polars scans all shards, over fsspec and by its own reader', () => {
  expect(found.scan_with_polars_over_fsspec).toEqual(everything());
  expect(found.scan_with_polars).toEqual(everything());
});
