import { describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { choosePreset } from './choose-preset.ts';
import { openExperiment } from './folder.ts';
import type { Site } from './sites.ts';

const newFolder = useTemporaryFolders();
const config = { threads: 2, workerEnvironment: process.env as Record<string, string> };
const site = (count: number) => ({ name: 'alder', source: { count } }) as Site;

describe('an experiment without a named preset', () => {
  it('trains what this machine is fit for with so many films, and says what that takes', async () => {
    const few = await choosePreset(await newFolder(), [site(60), site(40)], config);
    expect(few).toMatchObject({ preset: 'small-32', precision: 'float32' });
    expect(few.text).toMatch(/100 films: small-32 in float32, about \d+ \w+ to train/);
    const more = await choosePreset(await newFolder(), [site(300)], config);
    expect(more.preset).toBe('small-64');
  });

  it('goes on with the preset that it began with', async () => {
    const path = await newFolder();
    const options = { preset: 'demo-32', precision: 'float32' } as Parameters<
      typeof openExperiment
    >[1]['options'];
    await openExperiment(path, { data: '/nowhere', options, sites: ['alder'], outside: {} });
    expect(await choosePreset(path, [site(300)], config)).toEqual({
      preset: 'demo-32',
      precision: 'float32',
    });
  });
});
