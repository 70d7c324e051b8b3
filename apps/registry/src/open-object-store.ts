import { fileURLToPath } from 'node:url';
import { createFileStore, createS3Store, type ObjectStore } from '@synspine/storage';
import type { Config } from './config.ts';

const REGION_DEFAULT = 'us-east-1'; // what S3-compatible servers without regions expect

/** Opens `file:///folder` or `s3://bucket[?endpoint=https://host][&region=name]`. */
export async function openObjectStore({
  objectStoreUrl,
  s3,
}: Pick<Config, 'objectStoreUrl' | 's3'>): Promise<ObjectStore> {
  const url = new URL(objectStoreUrl);
  if (url.protocol === 'file:') return createFileStore(fileURLToPath(url));
  return createS3Store({
    bucket: url.hostname,
    endpoint: url.searchParams.get('endpoint') ?? undefined,
    region: url.searchParams.get('region') ?? REGION_DEFAULT,
    credentials: s3,
  });
}
