import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePhantomSite } from '@synspine/dicom';
import { expect, it } from 'vitest';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { openCatalogue } from './catalogue.ts';
import { ingestSource } from './ingest-source.ts';
import { readSource } from './source.ts';

const temporaryFolder = useTemporaryFolders();

it('an ingest waits where the disk is full, and loses nothing', async () => {
  const site = await temporaryFolder();
  await writePhantomSite(site, { site: 'oak', patients: 3, seed: 'full', size: 256 });
  const disk = await temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]); // needs root
  try {
    const home = await openHome(join(disk, 'home'), { create: true });
    const other = join(disk, 'other');
    await writeFile(other, Buffer.alloc(8_000_000)).catch(() => undefined);
    await writeFile(join(disk, 'rest'), Buffer.alloc(400_000)).catch(() => undefined);
    let waits = 0;
    const onDiskFull = () => {
      waits++;
      void rm(other);
    };
    const source = await readSource(site);
    const verdicts = await ingestSource(home, { source, fit: 'squeeze', onDiskFull });
    expect(waits).toBe(1);
    const taken = verdicts.filter(({ code }) => code === null);
    expect((await openCatalogue(home)).films()).toHaveLength(taken.length);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});
