import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../log.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { createStoreScp, type Listener, type StoreScpOptions } from './create-store-scp.ts';
import {
  answersOf,
  associateRequest,
  CR_STORAGE,
  command,
  data,
  EXPLICIT_LE,
  openScu,
  type Proposal,
  pdu,
  RELEASE,
  type Scu,
  statusOf,
  storeRequest,
} from './scu.fixture.ts';

const temporaryFolder = useTemporaryFolders();
const DATA_SET = Buffer.alloc(50_001, 'pixels');
const INSTANCE = '1.2.3.4.5';

let scp: Listener;
let spool: Spool;
const opened: Scu[] = [];
afterEach(async () => {
  for (const scu of opened.splice(0)) scu.close();
  await scp?.close();
});

type Change = Partial<StoreScpOptions> & { filesMax?: number; filmBytesMax?: number };

async function start({ filesMax = 100, filmBytesMax = 1e6, ...change }: Change = {}): Promise<void> {
  spool = await openSpool(await temporaryFolder(), {
    bytesMax: 1e9,
    filesMax,
    filmBytesMax,
    freeBytesMin: 0,
  });
  const options: StoreScpOptions = {
    ...{ bind: '127.0.0.1', port: 0, aeTitles: ['SYNSPINE'], associationsMax: 2, pduBytesMax: 20_000 },
    callers: [
      { aeTitle: 'PACS', addresses: ['127.0.0.1'] },
      { aeTitle: 'CT', addresses: ['127.0.0.2'] },
    ],
    ...{ artimMs: 300, idleMs: 400, filmMs: 5_000, roomWaitMs: 50 },
    ...change,
  };
  scp = await createStoreScp(options, { spool, log: createLog('silent') });
}

async function open(address?: string): Promise<Scu> {
  const scu = await openScu(scp.port, address);
  opened.push(scu);
  return scu;
}

async function associate(proposal?: Proposal): Promise<Scu> {
  const scu = await open();
  scu.send(associateRequest(proposal));
  expect(await scu.next()).toMatchObject({ type: 2 });
  return scu;
}

describe('an association', () => {
  it('answers a C-ECHO and releases', async () => {
    await start();
    const scu = await associate({ contexts: [[1, '1.2.840.10008.1.1', '1.2.840.10008.1.2']] });
    scu.send(data(1, true, true, command(0x30, false, '1.2.840.10008.1.1')));
    expect(statusOf(await scu.next())).toBe(0);
    scu.send(RELEASE);
    expect(await scu.next()).toMatchObject({ type: 6 });
    expect(await scu.next()).toBeNull();
  });

  it.each([
    [{ called: 'OTHER' }, [1, 1, 7]],
    [{ calling: 'OTHER' }, [1, 1, 3]],
    [{ calling: 'CT' }, [1, 1, 3]], // from another address than the CT's
    [{ application: '1.2.3' }, [1, 1, 2]],
    [{ version: 2 }, [1, 2, 2]],
  ])('is rejected for %j', async (proposal, reason) => {
    await start();
    const scu = await open();
    scu.send(associateRequest(proposal));
    const reply = await scu.next();
    expect([reply?.type, ...reply!.body.subarray(1)]).toEqual([3, ...reason]);
    expect(await scu.next()).toBeNull();
  });

  it('from an unknown address is closed before anything is read', async () => {
    await start();
    const scu = await open('127.0.0.3');
    scu.send(associateRequest());
    expect(await scu.next()).toBeNull();
    expect((await open('127.0.0.2')).socket.destroyed).toBe(false);
  });

  it('beyond the limit is rejected for now, and taken once another has ended', async () => {
    await start({ idleMs: 5_000 });
    const [first] = [await associate(), await associate()];
    const third = await open();
    third.send(associateRequest());
    expect([...(await third.next())!.body]).toEqual([0, 2, 3, 2]);
    first.close();
    await sleep(50);
    await associate();
  });

  it('agrees on the first syntax that films are decoded from, class by class', async () => {
    await start();
    const scu = await open();
    const contexts: Proposal['contexts'] = [
      [1, CR_STORAGE, '1.2.840.10008.1.2.4.100', '1.2.840.10008.1.2.4.70', EXPLICIT_LE],
      [3, CR_STORAGE, '1.2.840.10008.1.2.4.100'],
      [5, '1.2.840.10008.5.1.4.1.1.2', EXPLICIT_LE], // CT
    ];
    scu.send(associateRequest({ contexts }));
    expect(answersOf(await scu.next())).toEqual([
      [1, 0, '1.2.840.10008.1.2.4.70'],
      [3, 4, '1.2.840.10008.1.2'],
      [5, 3, '1.2.840.10008.1.2'],
    ]);
  });
});

describe('a C-STORE', () => {
  it('lies in the spool byte for byte behind a file meta information, and is the same file when sent again', async () => {
    await start();
    const scu = await associate();
    for (const bytesMax of [16_000, 777]) {
      scu.send(storeRequest(INSTANCE, DATA_SET, bytesMax));
      expect(statusOf(await scu.next())).toBe(0);
    }
    const names = spool.waiting(9);
    const file = await readFile(join(spool.ready, names[0]!));
    expect(names).toHaveLength(1);
    expect(file.toString('latin1', 128, 132)).toBe('DICM');
    expect(file.readUInt32LE(140)).toBe(file.length - DATA_SET.length - 144); // (0002,0000)
    expect(file.subarray(-DATA_SET.length)).toEqual(DATA_SET);
    expect(file.toString('latin1', 144)).toContain(`${INSTANCE}\0`);
  });

  it('is told to come back when there is no room, and the association goes on', async () => {
    await start({ filesMax: 1 });
    const scu = await associate();
    scu.send(storeRequest('1.2.1', DATA_SET));
    scu.send(storeRequest('1.2.2', DATA_SET));
    expect([statusOf(await scu.next()), statusOf(await scu.next())]).toEqual([0, 0xa700]);
    await spool.remove(spool.waiting(1)[0]!);
    scu.send(storeRequest('1.2.2', DATA_SET));
    expect(statusOf(await scu.next())).toBe(0);
  });

  it('waits unread for room that comes in time', async () => {
    await start({ filesMax: 1, roomWaitMs: 5_000 });
    const scu = await associate();
    scu.send(storeRequest('1.2.1', DATA_SET));
    expect(statusOf(await scu.next())).toBe(0);
    const large = Buffer.alloc(900_000, 'x');
    scu.send(storeRequest('1.2.2', large));
    await sleep(300);
    await spool.remove(spool.waiting(1)[0]!);
    expect(statusOf(await scu.next())).toBe(0);
  });

  it('is refused when too large, of another class, without a UID or without a data set', async () => {
    await start({ filmBytesMax: 40_000 });
    const scu = await associate();
    scu.send(storeRequest('1.2.1', DATA_SET));
    expect(statusOf(await scu.next())).toBe(0xc000);
    scu.send(data(1, true, true, command(1, true, '1.2.840.10008.5.1.4.1.1.2', '1.2.3')));
    scu.send(data(1, false, true, Buffer.alloc(10)));
    expect(statusOf(await scu.next())).toBe(0x0122);
    scu.send(storeRequest('../../etc/passwd', Buffer.alloc(10)));
    expect(statusOf(await scu.next())).toBe(0x0117);
    scu.send(data(1, true, true, command(1, false, CR_STORAGE, '1.2.3')));
    expect(statusOf(await scu.next())).toBe(0xc000);
    scu.send(data(1, true, true, command(0x20, false, CR_STORAGE))); // C-FIND
    expect(statusOf(await scu.next())).toBe(0x0211);
    expect(spool.waiting(9)).toEqual([]);
  });

  it('that is cut leaves nothing behind', async () => {
    await start();
    const scu = await associate();
    scu.send(storeRequest(INSTANCE, DATA_SET).subarray(0, 30_000));
    await sleep(100);
    scu.close();
    await sleep(100);
    expect(spool.waiting(9)).toEqual([]);
    expect(await spool.hasRoom()).toBe(true);
  });
});

describe('a peer that breaks the protocol', () => {
  const ABORTS: [string, Buffer, number][] = [
    ['an unknown PDU', pdu(9, Buffer.alloc(4)), 1],
    ['a second association', associateRequest(), 2],
    ['a PDU that is too long', pdu(4, Buffer.alloc(20_001)), 6],
    ['data on a context that was not agreed', data(3, true, true, command(1, true, CR_STORAGE, '1.2')), 6],
    ['a data set without a command', data(1, false, true, Buffer.alloc(4)), 6],
    ['a value that is longer than its PDU', pdu(4, Buffer.from([0, 0, 1, 0, 1, 3])), 6],
    ['a command that is no command set', data(1, true, true, Buffer.alloc(12, 9)), 6],
    ['an endless command', data(1, true, false, Buffer.alloc(17_000)), 6],
  ];
  it.each(ABORTS)('by %s gets an A-ABORT with the reason', async (_, bytes, reason) => {
    await start();
    const scu = await associate();
    scu.send(bytes);
    const reply = await scu.next();
    expect([reply?.type, ...reply!.body]).toEqual([7, 0, 0, 2, reason]);
    expect(await scu.next()).toBeNull();
  });

  it('or says nothing, or a byte now and then, is cut after the timeouts', async () => {
    await start();
    const silent = await open();
    const startedAt = Date.now();
    expect(await silent.next()).toBeNull();
    const slow = await associate();
    const film = storeRequest(INSTANCE, DATA_SET);
    let at = 0;
    const dribble = setInterval(() => slow.send(film.subarray(at, ++at)), 50);
    expect(await slow.next()).toBeNull();
    clearInterval(dribble);
    expect(Date.now() - startedAt).toBeLessThan(3_000);
  });

  it('by a command in pieces of nothing, without end, is not listened to for long', async () => {
    await start();
    const scu = await associate();
    const nothing = data(1, true, false, Buffer.alloc(0)).subarray(6);
    const crowd = pdu(4, Buffer.alloc(3_000 * nothing.length, nothing));
    for (let i = 0; i < 4; i++) scu.send(crowd);
    expect(await scu.next()).toMatchObject({ type: 7, body: Buffer.from([0, 0, 2, 6]) });
  });

  it('or does not read our answers is cut after the timeout', async () => {
    await start();
    const proposal: Proposal = { contexts: [[1, '1.2.840.10008.1.1', '1.2.840.10008.1.2']] };
    const scu = await associate(proposal);
    scu.socket.pause();
    const echo = data(1, true, true, command(0x30, false, '1.2.840.10008.1.1'));
    const echoes = Buffer.alloc(2_000 * echo.length, echo);
    const told = (event: string) => new Promise((done) => scu.socket.once(event, () => done(event)));
    const closed = told('close');
    const asking = (async () => {
      while (!scu.socket.destroyed)
        if (!scu.socket.write(echoes)) await Promise.race([told('drain'), closed]);
    })();
    expect(await Promise.race([closed, sleep(15_000)])).toBe('close');
    await asking;
  });
});
