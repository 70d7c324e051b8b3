import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { DEFAULT_TRAINING, describeTraining, readTraining } from './settings.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
});
const write = (file: object) =>
  writeFile(home.files.training, JSON.stringify({ schema: 'synspine.training/1', ...file }));

const docs = readFileSync(new URL('../../../../docs/hospital-it/training.md', import.meta.url), 'utf8');
const example = /```json\n([^`]+)```/.exec(docs)![1]!;

describe('training.json', () => {
  it('may leave everything out: then a home trains what fits its machine', async () => {
    expect(await readTraining(home)).toBeUndefined();
    await write({});
    expect(await readTraining(home)).toEqual(DEFAULT_TRAINING);
    expect(DEFAULT_TRAINING).toMatchObject({
      preset: 'auto',
      schedule: { afterNewFilms: 50, everyDaysAtMost: 7, between: null },
    });
  });

  it.each([
    [{ imagesShow: 5 }, 'imagesShow: there is no such field'],
    [{ schedule: { everyDays: 2 } }, 'schedule.everyDays: there is no such field'],
    [{ preset: 'paper-512' }, 'preset: '],
    [{ gpu: true }, 'gpu: '],
    [{ psi: 1.2 }, 'psi: '],
    [{ syntheticCount: 1 }, 'syntheticCount: '],
    [{ schedule: { afterNewFilms: 0 } }, 'schedule.afterNewFilms: '],
    [{ split: { holdOut: 0.6 } }, 'split.holdOut: '],
    [
      { split: { validation: 0.4, holdOut: 0.4 } },
      'split: leaves less than 30 % of the patients to train on',
    ],
    [{ schedule: { between: '22-6' } }, 'schedule.between: expected hours such as 22:00-06:00'],
    [{ schedule: { between: '24:00-06:00' } }, 'schedule.between: '],
    [{ schedule: { between: '06:00-06:00' } }, 'schedule.between: begins and ends at the same minute'],
  ])('%j is refused with the name of the field', async (file, told) => {
    await write(file);
    const error = await readTraining(home).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'TRAINING_INVALID' });
    expect((error as Error).message).toContain(`(${told}`);
  });

  it('that is no JSON is refused without a word of it', async () => {
    await writeFile(home.files.training, '{ "preset": ZZCANARY');
    const error = await readTraining(home).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'TRAINING_INVALID' });
    expect((error as Error).message).not.toContain('ZZCANARY');
  });

  it('is explained in the docs field by field, with an example that is valid and names every field', async () => {
    await writeFile(home.files.training, example);
    const settings = (await readTraining(home))!;
    const { schema: _, ...fields } = JSON.parse(example) as Record<string, unknown>;
    const names = Object.entries(fields).flatMap(([name, value]) =>
      value !== null && typeof value === 'object'
        ? Object.keys(value).map((inner) => `${name}.${inner}`)
        : [name],
    );
    const explained = [...docs.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name);
    expect(explained).toEqual(names);
    for (const name of ['labels', 'loss', 'precision', 'imagesShown', 'psi', 'syntheticCount', 'gpu'])
      expect(names).toContain(name);
    expect(describeTraining(settings)).toContain('between 22:00-06:00');
  });
});
