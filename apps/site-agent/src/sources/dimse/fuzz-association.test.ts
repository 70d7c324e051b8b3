import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { openSpool, type Spool } from '../spool/spool.ts';
import { associateRequest, CR_STORAGE, command, data, RELEASE, storeRequest } from './scu.fixture.ts';
import { type AssociationEnd, serveAssociation } from './serve-association.ts';

/** A disk in memory: this is about streams, and 20,000 fsyncs beside other work would be about the disk. */
const MEMORY = '/dev/shm';

let folder: string;
afterAll(() => rm(folder, { recursive: true }));

const STREAMS = 20_000;
const WITHIN_MS = 1_000;

/** Numbers from 0 to below `limit`; mulberry32, so that a failure can be repeated by its number. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const VALID = [
  associateRequest({
    contexts: [
      [1, CR_STORAGE, '1.2.840.10008.1.2.1'],
      [3, '1.2.840.10008.1.1', '1.2.840.10008.1.2'],
    ],
  }),
  data(3, true, true, command(0x30, false, '1.2.840.10008.1.1')),
  storeRequest('1.2.3', Buffer.alloc(400, 1), 150),
  RELEASE,
];
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff];

/** One to four damages: bytes, lengths, cuts, doubled and swapped PDUs. */
function mutate(seed: number): Buffer {
  const random = createRandom(seed);
  const pdus = VALID.map((pdu) => Buffer.from(pdu));
  if (random(4) === 0) pdus.splice(random(pdus.length), 1);
  if (random(4) === 0) pdus.splice(random(pdus.length), 0, Buffer.from(pdus[random(pdus.length)]!));
  let stream = Buffer.concat(pdus);
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(stream.length);
    const kind = random(5);
    if (kind === 0) stream[at]! ^= 1 << random(8);
    else if (kind === 1) stream[at] = EXTREMES[random(EXTREMES.length)]!;
    else if (kind === 2)
      stream.fill(EXTREMES[random(EXTREMES.length)]!, at, Math.min(stream.length, at + 1 + random(4)));
    else if (kind === 3) stream = stream.subarray(0, at + 1);
    else stream = Buffer.concat([stream.subarray(0, at), stream.subarray(at + 1 + random(8))]);
    if (stream.length === 0) return Buffer.from([1]);
  }
  return stream;
}

/** A connection in memory: the peer says `bytes` in two pieces, then closes. */
function connectionOf(bytes: Buffer): Socket {
  const half = bytes.length >> 1;
  const pieces = [bytes.subarray(0, half), bytes.subarray(half), null];
  const stream = new Duplex({
    read() {
      setImmediate(() => this.push(pieces.shift() ?? null));
    },
    write: (_chunk, _encoding, done) => done(),
  });
  return Object.assign(stream, { remoteAddress: '127.0.0.1' }) as unknown as Socket;
}

async function serve(seed: number, spool: Spool): Promise<AssociationEnd> {
  const settings = {
    ...{
      aeTitles: ['SYNSPINE'],
      callers: [{ aeTitle: 'PACS', addresses: ['127.0.0.1'] }],
      associationsMax: 9,
    },
    ...{ pduBytesMax: 16_384, artimMs: 500, idleMs: 500, filmMs: 60_000, roomWaitMs: 0 },
  };
  const { signal } = new AbortController();
  const served = serveAssociation(connectionOf(mutate(seed)), {
    spool,
    settings,
    signal,
    associations: () => 1,
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`stream ${seed} hangs`)), WITHIN_MS);
  });
  try {
    return await Promise.race([served, late]);
  } catch (cause) {
    throw new Error(`stream ${seed}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

describe('20,000 damaged streams of PDUs', () => {
  it('end in a known way within a second, leave no part behind and take no room for good', async () => {
    folder = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'synspine-'));
    const spool = await openSpool(folder, {
      bytesMax: 20_000,
      filesMax: 20,
      filmBytesMax: 5_000,
      freeBytesMin: 0,
    });
    const ends = new Map<string, number>();
    for (let seed = 1; seed <= STREAMS; seed++) {
      const { code } = await serve(seed, spool);
      ends.set(code, (ends.get(code) ?? 0) + 1);
      for (const name of spool.waiting(99)) await spool.remove(name);
    }
    const known = ['PEER_GONE', 'PROTOCOL_ERROR', 'REJECTED', 'RELEASED'];
    expect([...ends.keys()]).toEqual(expect.arrayContaining(known));
    expect([...known, 'PEER_ABORTED']).toEqual(expect.arrayContaining([...ends.keys()]));
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    expect(await spool.hasRoom()).toBe(true);
  }, 180_000);
});
