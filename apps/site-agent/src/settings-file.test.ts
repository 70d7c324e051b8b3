import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readWords } from './films/label-file/site-words.ts';
import { readSelection } from './films/selection-policy.ts';
import { openHome } from './home.ts';
import { readPolicy } from './policy.ts';
import { readSourceSettings } from './sources/settings.ts';
import { useTemporaryFolders } from './test-kit/temporary-folders.ts';
import { readTraining } from './training/settings.ts';

const temporaryFolder = useTemporaryFolders();

it.each([
  ['policy.json', 'POLICY_INVALID'],
  ['training.json', 'TRAINING_INVALID'],
  ['selection.json', 'SELECTION_INVALID'],
  ['sources.json', 'SOURCES_INVALID'],
  ['labels.json', 'LABEL_WORDS_INVALID'],
])(
  '%s that says a name twice is refused, since either may be meant, and so is what is no JSON',
  async (name, code) => {
    const home = await openHome(await temporaryFolder(), { create: true });
    const read = () =>
      ({
        'policy.json': () => readPolicy(home, { usesReferencePolicy: false }),
        'training.json': () => readTraining(home),
        'selection.json': () => readSelection(home),
        'sources.json': () => readSourceSettings(home),
        'labels.json': () => readWords(home.files.labelWords),
      })[name]!();
    for (const [text, why] of [
      ['{"schema":"a","schema":"ZZCANARY"}', 'a name stands there twice'],
      ['{"schema": ZZCANARY', 'the file is not JSON'],
    ] as const) {
      await writeFile(join(home.path, name), text);
      const error = (await read().catch((thrown: Error) => thrown)) as Error & { code: string };
      expect(error).toMatchObject({ code });
      expect(error.message).toContain(why);
      expect(error.message).not.toContain('ZZCANARY');
    }
  },
);

it('labels.json that gives two spellings of a word two meanings is refused', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  const write = (words: object) =>
    writeFile(home.files.labelWords, JSON.stringify({ schema: 'synspine.labels/1', words }));
  await write({ Arthrose: 'abnormal', 'ARTHROSE ': 'normal' });
  await expect(readWords(home.files.labelWords)).rejects.toMatchObject({ code: 'LABEL_WORDS_INVALID' });
  await write({ Arthrose: 'abnormal', 'ARTHROSE ': 'abnormal' });
  expect((await readWords(home.files.labelWords)).has('arthrose')).toBe(true);
});
