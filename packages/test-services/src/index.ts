export { type TestBucket, testBucket } from './bucket.ts';
export { testDatabase } from './database.ts';
export { installDicomWebClient } from './dicomweb-client.ts';
export { installReaders } from './install-readers.ts';
export { type OrthancPeers, type TestOrthanc, testOrthanc } from './orthanc.ts';
export { type TestRedis, testRedis } from './redis.ts';
