import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { confinementPath } from '../setup/confinement-path.mjs';
import { loadAddon } from './addon.ts';
import type { Attempts } from './fixtures/confined-child.ts';

let folder: string;
let server: Server;
let connections: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'confined-'));
  writeFileSync(join(folder, 'existing'), 'kept');
  connections = 0;
  server = createServer((socket) => {
    connections++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function tryEverything(addon: string, key = ''): Promise<Attempts> {
  const path = fileURLToPath(new URL('./fixtures/confined-child.ts', import.meta.url));
  const { port } = server.address() as AddressInfo;
  const child = fork(path, [addon, folder, String(port), key], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => [{ confined: 'the child ended' }]);
  const [attempts] = await Promise.race([once(child, 'message'), ended]);
  return attempts as Attempts;
}

const ALLOWED = { read: 'done', thread: 'done', image: 'done', self: 'done', 'read limits': 'done' };

describe('a confined process', () => {
  it('has no network, no other process and no file to write, but reads, computes and has threads', async () => {
    const attempts = await tryEverything(confinementPath());
    expect(attempts).toEqual({
      ...{ confined: 'true', readsLimited: 'false' },
      ...{ connect: 'EACCES', listen: 'EACCES', exec: 'EPERM', spawn: 'EPERM', signal: 'EPERM' },
      ...{ create: 'EACCES', append: 'EACCES', 'open to write': 'EACCES', truncate: 'EACCES' },
      ...{ rename: 'EACCES', remove: 'EACCES' },
      ...ALLOWED,
    });
    expect(connections).toBe(0);
    expect(readdirSync(folder)).toEqual(['existing']);
    expect(readFileSync(join(folder, 'existing'), 'utf8')).toBe('kept');
  });

  it('differs in that from one that is not', async () => {
    const { connect, create, exec, signal, ...rest } = await tryEverything('');
    expect({ connect, create, exec, signal }).toEqual({
      connect: 'done',
      create: 'done',
      exec: 'done',
      signal: 'done',
    });
    expect(rest).toMatchObject({ confined: 'false', ...ALLOWED });
    expect(connections).toBe(1);
  });
});

const version = loadAddon(confinementPath()).landlockVersion();
const OTHERS = [
  ...['read a key', 'read a key in another thread', 'read a key in a new thread', 'list its folder'],
  ...['read a link to it', 'read the parent’s environment', 'read the parent’s memory'],
];
const answers = (answer: string) => Object.fromEntries(OTHERS.map((name) => [name, answer]));

describe('a confined process that was told where films lie', () => {
  let key: string;
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'other-home-'));
    mkdirSync(join(home, 'keys'));
    key = join(home, 'keys', 'signing.pem');
    writeFileSync(key, 'secret');
    symlinkSync(key, join(folder, 'link'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it.skipIf(version < 2)(
    `can read nothing else, in no thread, and all that it could before (Landlock ${version}, 2 needed)`,
    async () => {
      const attempts = await tryEverything(confinementPath(), key);
      expect(attempts).toMatchObject({ confined: 'true', readsLimited: 'true', ...ALLOWED });
      expect(attempts).toMatchObject(answers('EACCES'));
      expect(attempts).toMatchObject({ connect: 'EACCES', exec: 'EPERM', create: 'EACCES' });
    },
  );

  it('could read all that otherwise', async () => {
    expect(await tryEverything('', key)).toMatchObject({ readsLimited: 'false', ...answers('done') });
  });
});
