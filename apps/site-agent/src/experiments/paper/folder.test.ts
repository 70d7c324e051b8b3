import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { type ExperimentWanted, knownOutside, openExperiment } from './folder.ts';
import { EARLIER_OPTIONS, type ExperimentOptions } from './plan.ts';

const temporaryFolder = useTemporaryFolders();

/** What Synspine 0.1.0 wrote. */
const before = {
  schema: 'synspine.experiment/1',
  data: '/films',
  options: {
    ...{ preset: 'demo-32', labels: 'binary', imagesShown: null, generatorSeeds: 2, classifierSeeds: 3 },
    ...{ syntheticCount: 100, psi: 1, architecture: 'small-cnn', recipe: 'default', classifierSteps: null },
  },
};
const options = { ...before.options, ...EARLIER_OPTIONS } as ExperimentOptions;
const wanted: ExperimentWanted = { data: '/films', options, sites: ['alder'], outside: {} };

let path: string;
beforeEach(async () => {
  path = await temporaryFolder();
  await writeFile(join(path, 'experiment.json'), JSON.stringify(before));
});
const differs = (other: Partial<ExperimentWanted>) =>
  expect(openExperiment(path, { ...wanted, ...other })).rejects.toMatchObject({ code: 'EXPERIMENT_DIFFERS' });

describe('an experiment’s folder', () => {
  it('of Synspine 0.1.0 goes on with the same options', async () => {
    expect((await openExperiment(path, wanted)).options.fit).toBe('squeeze');
  });

  it('takes outside films later, keeps them, and no other folder by their name', async () => {
    await openExperiment(path, wanted);
    await openExperiment(path, { ...wanted, outside: { rowan: '/rowan' } });
    expect(await knownOutside(path)).toEqual({ rowan: '/rowan' });
    await differs({ outside: { rowan: '/other' } });
    await differs({ outside: {} });
  });

  it('is refused with other options, films or sites, and then left as it is', async () => {
    await openExperiment(path, wanted);
    const text = await readFile(join(path, 'experiment.json'), 'utf8');
    await differs({ options: { ...options, fit: 'centre-square' } });
    await differs({ data: '/other' });
    await differs({ sites: ['alder', 'birch'] });
    expect(await readFile(join(path, 'experiment.json'), 'utf8')).toBe(text);
  });
});
