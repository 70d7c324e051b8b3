import { openQueue } from '@synspine/queue';
import { describeQueue } from '@synspine/queue/contract';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { testRedis } from './redis.ts';

async function withRedis<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

describeQueue('Redis', async () => {
  const redis = await testRedis();
  return { ...redis, wipe: () => withRedis(redis.url, async (client) => void (await client.flushall())) };
});

test('a Redis that may evict jobs is refused with a code and the setting to change', async () => {
  const redis = await testRedis(['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']);
  const opening = openQueue({ url: redis.url });
  await expect(opening).rejects.toMatchObject({ code: 'QUEUE_REDIS_EVICTS' });
  await expect(opening).rejects.toThrow('Set maxmemory-policy to noeviction');
  await withRedis(redis.url, (client) => client.config('SET', 'maxmemory-policy', 'noeviction'));
  const queue = await openQueue({ url: redis.url });
  await queue.close();
});

test('an unreachable Redis is an error, not a queue that drops jobs', async () => {
  const redis = await testRedis();
  await redis.stop();
  await expect(openQueue({ url: redis.url })).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
});
