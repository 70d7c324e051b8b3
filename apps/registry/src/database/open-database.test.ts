import { testDatabase } from '@synspine/test-services';
import { expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';

it('reads a URL as the migrations do, also one whose host is a parameter, as of a Unix socket', async () => {
  const url = new URL(await testDatabase());
  const where = { host: url.hostname, port: url.port, user: url.username, password: url.password };
  const asParameters = `postgresql://${url.pathname}?${new URLSearchParams(where)}`;
  expect(await migrate(asParameters)).not.toEqual([]);
  const prisma = openDatabase(asParameters);
  expect(await prisma.site.count()).toBe(0);
  await prisma.$disconnect();
});
