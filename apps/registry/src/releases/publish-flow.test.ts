import { createClient } from '@synspine/protocol';
import { verifyManifest } from '@synspine/release';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256Hex } from '../test-kit/release-kit.ts';
import { publish, startTestRegistry, type TestRegistry } from '../test-kit/test-registry.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.close());

it('takes a release from an enrolled site and gives a researcher the same bytes', async () => {
  const site = await registry.enrol('alder');
  const { dataset, files } = await publish(site);
  const researcher = await registry.person('researcher');

  const { datasets } = await researcher.call('listDatasets', { query: {} });
  expect(datasets).toEqual([dataset]);
  const { manifest } = await researcher.call('getManifest', { params: { releaseId: dataset.id } });
  const { keys } = await createClient({ baseUrl: registry.url }).call('siteKeys', {
    params: { siteId: 'alder' },
  });
  const verified = await verifyManifest(manifest, keys);
  expect(verified.manifestSha256).toBe(dataset.manifestSha256);

  const params = { releaseId: dataset.id, name: 'images-00000.parquet' };
  const response = await researcher.call('getFile', { params });
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(sha256Hex(bytes)).toBe(sha256Hex(files['images-00000.parquet']!));
});
