export { type TestBucket, testBucket } from './bucket.ts';
export { testDatabase } from './database.ts';
export { installPython } from './install-python.ts';
export { type OrthancPeers, type TestOrthanc, testOrthanc } from './orthanc.ts';
export { type TestRedis, testRedis } from './redis.ts';
