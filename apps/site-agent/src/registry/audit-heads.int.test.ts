import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchAudit } from '../agent/watch-audit.ts';
import { type Home, openHome } from '../home.ts';
import type { Log } from '../log.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { type KeptHead, keepAuditHead, listAuditHeads } from './audit-heads.ts';
import { openRegistry } from './open-registry.ts';

const run = promisify(execFile);
const temporaryFolder = useTemporaryFolders();
const bin = (app: string, name: string) =>
  fileURLToPath(new URL(`../../../${app}/bin/${name}.mjs`, import.meta.url));
const REGISTRY = bin('registry', 'synspine-registry');
const AGENT = bin('site-agent', 'synspine-site');
const DAY_MS = 86_400_000;
const { signal } = new AbortController();

let env: NodeJS.ProcessEnv;
let served: ChildProcess;
let home: Home;

/** A registry as its admin starts it, and a site that has enrolled there. */
beforeEach(async () => {
  const folder = await temporaryFolder();
  const PORT = String(await getPort({ host: '127.0.0.1' }));
  env = {
    ...process.env,
    DATA_DIR: join(folder, 'registry'),
    PORT,
    LOG_LEVEL: 'silent',
    SYNSPINE_HOME: join(folder, 'home'),
  };
  served = spawn(process.execPath, [REGISTRY, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(createInterface(served.stdout!), 'line');
  const { stdout: code } = await run(process.execPath, [REGISTRY, 'invite', 'alder', '--name', 'Alder'], {
    env,
  });
  await run(
    process.execPath,
    [AGENT, 'init', '--registry', `http://127.0.0.1:${PORT}`, '--code', code.trim()],
    { env },
  );
  home = await openHome(env.SYNSPINE_HOME!);
}, 240_000);
afterEach(async () => {
  served.kill();
  if (served.exitCode === null) await once(served, 'exit');
});

/** As if a day had gone by. */
async function age(change: Partial<KeptHead> = {}): Promise<void> {
  const heads = await listAuditHeads(home);
  const older = heads.map((head) => ({ ...head, keptAt: new Date(Date.now() - DAY_MS).toISOString() }));
  const lines = older.map((head, i) =>
    JSON.stringify(i === older.length - 1 ? { ...head, ...change } : head),
  );
  await writeFile(home.files.auditHeads, `${lines.join('\n')}\n`);
}

it('a site keeps one row of the audit trail a day, and the registry\u2019s admin can check it', async () => {
  const { client } = await openRegistry(home);
  await keepAuditHead(home, client, signal);
  await keepAuditHead(home, client, signal);
  expect(await listAuditHeads(home)).toHaveLength(1);
  await run(process.execPath, [REGISTRY, 'invite', 'birch', '--name', 'Birch'], { env });
  await age();
  await keepAuditHead(home, client, signal);
  const [first, second] = await listAuditHeads(home);
  expect(second!.sequence).toBeGreaterThan(first!.sequence);

  const { stdout } = await run(process.execPath, [AGENT, 'audit-heads'], { env });
  const heads = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('  ')[0]!);
  expect(heads).toHaveLength(2);
  const verify = (...given: string[]) =>
    run(process.execPath, [REGISTRY, 'verify-audit', ...given.flatMap((head) => ['--head', head])], { env });
  expect((await verify(...heads)).stdout).toMatch(/^\d+ rows, chain intact\n$/);
  const foreign = `${first!.sequence}:${'0'.repeat(64)}`;
  await expect(verify(heads[1]!, foreign)).rejects.toMatchObject({
    stdout: `chain broken at row ${first!.sequence}\n`,
  });
  await age({ keptAt: new Date(Date.now() + 365 * DAY_MS).toISOString() }); // kept while the clock was ahead
  await keepAuditHead(home, client, signal);
  expect(await listAuditHeads(home)).toHaveLength(3);
  await expect(verify('row 3')).rejects.toMatchObject({ stderr: expect.stringContaining('number, a colon') });
}, 240_000);

it('a site says so when a row that it kept is no longer there, and keeps its own', async () => {
  const { client } = await openRegistry(home);
  await keepAuditHead(home, client, signal);
  await age({ hash: 'f'.repeat(64) });
  const kept = await readFile(home.files.auditHeads, 'utf8');
  const told = new Promise<unknown>((resolve) => {
    const error: Log['error'] = (_, fields) => resolve(fields);
    const end = watchAudit(home, { info: () => undefined, warn: () => undefined, error });
    setTimeout(end, 10_000).unref();
  });
  expect(await told).toEqual({ code: 'AUDIT_REWRITTEN' });
  await expect(keepAuditHead(home, client, signal)).rejects.toMatchObject({ code: 'AUDIT_REWRITTEN' });
  expect(await readFile(home.files.auditHeads, 'utf8')).toBe(kept);
}, 240_000);
