import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { type Client, describeProgress } from '@synspine/protocol';
import { bundleRelease } from '@synspine/release';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { type RunningRegistry, sendRelease, startRegistry } from '../registry.fixture.ts';
import { enrol, openSession } from '../registry-session.ts';
import { makeRelease, makeWeights, type Tampering } from './release.fixture.ts';
import { type VerifyDeps, verifyWaiting } from './verify-releases.ts';

const STEP_MS = 400_000; // each release is looked at in a process that loads TensorFlow, on whatever machine

let registry: RunningRegistry;
let home: Home;
let deps: VerifyDeps;
const clients = new Map<string, Client>();

beforeAll(async () => {
  initCompute({ threads: 1 });
  registry = await startRegistry(process.env);
  home = await openHome(join(registry.folder, 'benchmark'));
  const body = { id: 'benchmark', name: 'Benchmark', kind: 'benchmark' } as const;
  const { enrolmentCode } = await registry.admin.call('createSite', { body });
  await enrol(home, registry.url, enrolmentCode);
  const session = await openSession(home);
  deps = { home, session, log: createLog('silent'), signal: new AbortController().signal, threads: 1 };
}, STEP_MS);
afterAll(() => registry.stop(), 60_000);

async function send(siteId: string, made: object, tampering: Tampering = {}, random?: string): Promise<void> {
  const site = await registry.enrol(siteId, 'site');
  clients.set(siteId, site.client);
  const dir = join(registry.folder, siteId);
  const { manifest } = await makeRelease(dir, { siteId, ...made }, tampering);
  if (random) await writeFile(join(dir, random), randomBytes(4_000));
  await sendRelease(site, { ...manifest, files: await bundleRelease(dir) }, dir);
}
const stateOf = async (siteId: string) => {
  const { releases } = await clients.get(siteId)!.call('listOwnReleases', {});
  return [releases[0]!.state, releases[0]!.code];
};
const published = async () => {
  const { datasets } = await registry.admin.call('listDatasets', { query: {} });
  return datasets.map(({ siteId }) => siteId).sort();
};
/** The pixels as they were, as an agent of 0.1.0 encoded them: without a mark. */
const unmark: Tampering = {
  rows: (rows) =>
    Promise.all(
      rows.map(async (row) => ({
        ...row,
        png: new Uint8Array(await sharp(row.png).toColourspace('b-w').png().toBuffer()),
      })),
    ),
};

/** Weights that another site hasn't published. */
const otherWeights: Tampering = { weights: () => makeWeights(7) };

describe('releases at a real registry', () => {
  it(
    'are visible once the benchmark found in them what their manifests say, and never otherwise',
    async () => {
      await send('alder', {});
      await send('birch', { weightsSeed: 2 }, {}, 'images-00000.parquet');
      await send('cedar', { weightsSeed: 3 }, {}, 'grid.png');
      await send('dale', { weightsSeed: 4 }, unmark);
      await send('eden', { seed: 5 }); // alder's generator, while alder's release still waits
      expect(await published()).toEqual([]);
      const { sites, verifier } = await registry.admin.call('listSites', {});
      expect(describeProgress(sites[0]!.pending!, verifier!)).toMatch(
        /waits for verification .* \(none seen yet\)/,
      );
      expect(await verifyWaiting(deps)).toEqual({ published: 1, quarantined: 4 });
      expect(await published()).toEqual(['alder']);
      expect(await stateOf('alder')).toEqual(['published', null]);
      expect(await stateOf('birch')).toEqual(['quarantined', 'CONTENT_PARQUET_SCHEMA']);
      expect(await stateOf('cedar')).toEqual(['quarantined', 'CONTENT_GRID']);
      expect(await stateOf('dale')).toEqual(['quarantined', 'CONTENT_PNG_UNMARKED']);
      expect(await stateOf('eden')).toEqual(['quarantined', 'CONTENT_REPEATS_SITE']);
      expect(await verifyWaiting(deps)).toEqual({ published: 0, quarantined: 0 });
      expect(await readdir(home.waiting)).toEqual([]);
    },
    STEP_MS,
  );

  it(
    'that repeat another site’s images end in quarantine, also for a benchmark that has lost what it kept',
    async () => {
      await rm(home.fingerprints, { recursive: true });
      await openHome(join(registry.folder, 'benchmark'));
      await send('elm', {}); // the weights and images of alder, sent again in a release of its own
      const { datasets } = await registry.admin.call('listDatasets', { query: {} });
      const everything = await readdir(registry.folder, { recursive: true });
      const objects = join(registry.folder, everything.find((path) => path.endsWith(`/${datasets[0]!.id}`))!);
      await rename(objects, `${objects}.away`); // then alder's images can't be had
      expect(await verifyWaiting(deps)).toEqual({ published: 0, quarantined: 0 });
      expect(await stateOf('elm')).toEqual(['verifying', null]);
      await rename(`${objects}.away`, objects);
      await send('fir', { seed: 9 }); // the weights of alder, with images of its own
      await send('gum', {}, otherWeights); // the images of alder, under weights of its own
      expect(await verifyWaiting(deps)).toEqual({ published: 0, quarantined: 3 });
      for (const siteId of ['elm', 'fir', 'gum'])
        expect(await stateOf(siteId)).toEqual(['quarantined', 'CONTENT_REPEATS_SITE']);
      expect(await readdir(home.fingerprints)).toEqual(['alder']);
    },
    STEP_MS,
  );
});
