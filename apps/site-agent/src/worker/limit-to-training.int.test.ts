import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { canLimitReads } from '@synspine/confinement';
import { expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { openCatalogue } from '../films/catalogue.ts';
import { HOLD_OUT_FOLDER } from '../films/hold-out.ts';
import { encodeGray, MASTER_SIZE } from '../films/master-image.ts';
import { TRAINING_FOLDER } from '../films/training-films.ts';
import { type Home, openHome } from '../home.ts';
import { makeKey } from '../keys.ts';
import { claimRun } from '../runs/claim.ts';
import { createRun } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import type { StageName } from '../stages/stage.ts';
import { readResult, stageFolder } from '../stages/stage-result.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { findIsolation } from './isolation.ts';
import { runWorker } from './run-worker.ts';

const temporaryFolder = useTemporaryFolders();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Two plain films each of 60 patients. Answers the path of one of them. */
async function addFilms(home: Home): Promise<string> {
  const catalogue = await openCatalogue(home);
  for (let film = 0; film < 120; film++) {
    const patient = Math.floor(film / 2);
    const pixelSha256 = sha256(`film ${film}`);
    const pixels = Uint8Array.from({ length: MASTER_SIZE ** 2 }, (_, at) => (at % 251) ^ film);
    await writeFile(join(home.folders.films, `${pixelSha256}.png`), await encodeGray(pixels, MASTER_SIZE));
    catalogue.add({
      ...{ pixelSha256, fileSha256: sha256(`file ${film}`) },
      patientKey: sha256(`patient ${patient}`).slice(0, 32),
      filmKey: sha256(`key ${film}`).slice(0, 32),
      findings: [patient % 2 ? 'Osteophytes' : 'No finding'],
      ...{ rows: 300, columns: 200, fit: 'squeeze' },
    });
  }
  await catalogue.save();
  return join(home.folders.films, `${sha256('film 0')}.png`);
}

/** Loaded into a worker: tries to read each path, again and again, in the main thread and in one of the pool. */
const SPY = `
import { appendFileSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
const { paths, out } = JSON.parse(process.env.SPY);
const codeOf = (error) => error.code;
async function spy() {
  const found = {};
  for (const [name, path] of Object.entries(paths)) {
    let main = 'read';
    try { readFileSync(path); } catch (error) { main = codeOf(error); }
    found[name] = [main, await readFile(path).then(() => 'read', codeOf)].join(' ');
  }
  appendFileSync(out, JSON.stringify(found) + '\\n');
}
if (isMainThread) { await spy(); setInterval(spy, 200).unref(); }
`;

it.skipIf(!canLimitReads())(
  'what trains and what filters can read training films, and no others of the home (needs Landlock 2)',
  async () => {
    const folder = await temporaryFolder();
    const home = await openHome(join(folder, 'home'), { create: true });
    await makeKey(home, 'signing');
    const film = await addFilms(home);
    const options = {
      ...DEFAULT_RUN_OPTIONS,
      loss: 'gan' as const,
      imagesShown: 640,
      syntheticCount: 16,
      filters: false,
    };
    const run = await createRun(home, options);
    const { epoch } = await claimRun(run);
    const preprocessed = stageFolder(run, 'preprocess');
    const sealed = { 'the hold-out': join(preprocessed, HOLD_OUT_FOLDER, 'hold-out.u8') };
    const others = {
      'a film': film,
      'the split': home.files.split,
      'a key': join(home.folders.keys, 'signing.jwk'),
    };
    const training = { 'training films': join(preprocessed, TRAINING_FOLDER, 'train.u8') };
    await writeFile(join(folder, 'spy.mjs'), SPY);

    /** Runs a stage in a worker; answers what could be read at the beginning and at the end. */
    const work = async (stage: StageName) => {
      const out = join(folder, `${stage}.jsonl`);
      const about = { homePath: home.path, runId: run.runId, threads: 1, usesReferencePolicy: true };
      await runWorker(
        { kind: 'stage', stage, epoch, ...about },
        {
          isolation: await findIsolation(),
          signal: new AbortController().signal,
          logFile: run.files.workerLog,
          environment: {
            ...readConfig().workerEnvironment,
            NODE_OPTIONS: `--import ${pathToFileURL(join(folder, 'spy.mjs'))}`,
            SPY: JSON.stringify({ out, paths: { ...sealed, ...others, ...training } }),
          },
        },
      );
      const lines = (await readFile(out, 'utf8')).trim().split('\n');
      return [JSON.parse(lines[0]!), JSON.parse(lines.at(-1)!), (await readResult(run, stage))?.kind];
    };
    const all = (paths: object, answer: string) =>
      Object.fromEntries(Object.keys(paths).map((name) => [name, answer]));

    await work('ingest');
    await work('preprocess');
    for (const stage of ['train', 'filter'] as const) {
      const [first, last, kind] = await work(stage);
      expect(first).toEqual(all({ ...sealed, ...others, ...training }, 'read read'));
      expect(last).toEqual({
        ...all({ ...sealed, ...others }, 'EACCES EACCES'),
        ...all(training, 'read read'),
      });
      expect(kind).toMatch(/^(done|stopped)$/);
    }
  },
  300_000,
);
