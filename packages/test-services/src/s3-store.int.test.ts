import { createHash } from 'node:crypto';
import { createS3Store } from '@synspine/storage';
import { describeObjectStore } from '@synspine/storage/contract';
import { expect, test } from 'vitest';
import { testBucket } from './bucket.ts';

const film = Buffer.from('a film');
const sha256 = createHash('sha256').update(film).digest('hex');

let shared: ReturnType<typeof testBucket> | undefined;
describeObjectStore('S3', async () => {
  shared ??= testBucket();
  return createS3Store(await shared);
});

test('a prefix keeps two stores in one bucket apart', async () => {
  const bucket = await testBucket();
  const one = createS3Store({ ...bucket, prefix: 'one/' });
  const two = createS3Store({ ...bucket, prefix: 'two/' });
  await one.put('film', film, { sha256 });
  expect(await two.head('film')).toBeUndefined();
  await two.put('film', film, { sha256 });
  for await (const { key } of one.list('')) expect(key).toBe('film');
});

test('wrong credentials and a missing bucket are refused with a code', async () => {
  const bucket = await testBucket();
  const credentials = { ...bucket.credentials, secretAccessKey: 'wrong' };
  const stranger = createS3Store({ ...bucket, credentials });
  await expect(stranger.put('film', film, { sha256 })).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  const lost = createS3Store({ ...bucket, bucket: 'test-no-such-bucket' });
  await expect(lost.put('film', film, { sha256 })).rejects.toMatchObject({ code: 'STORE_REFUSED' });
});

test('a server that does not answer is told apart from one that refuses', async () => {
  const bucket = await testBucket();
  const store = createS3Store({ ...bucket, endpoint: 'http://127.0.0.1:9' });
  await expect(store.head('film')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
});
