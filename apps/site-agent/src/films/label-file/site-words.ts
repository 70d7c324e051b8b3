import { FINDINGS } from '@synspine/dicom';
import { z } from 'zod';
import { readSettings } from '../../settings-file.ts';
import { SiteError } from '../../site-error.ts';
import { UNSPECIFIED_FINDING } from '../label-schemes.ts';
import { fold } from './fold.ts';
import { type LabelWords, type Meaning, USUAL_WORDS } from './words.ts';

const WORDS_MAX = 10_000;

/** `labels.json` in the home: what words of the site's label files stand for. They go before the usual ones. */
const labelsFile = z.strictObject({
  schema: z.literal('synspine.labels/1'),
  words: z
    .record(z.string().min(1), z.enum(['normal', 'abnormal', 'unlabelled', UNSPECIFIED_FINDING, ...FINDINGS]))
    .refine((words) => Object.keys(words).length <= WORDS_MAX, 'too many words'),
});

const SHORT: Record<string, Meaning> = {
  normal: 'No finding',
  abnormal: UNSPECIFIED_FINDING,
  unlabelled: null,
};

/** The words that a site's label files may use, by its `labels.json` where it has one. Throws LABEL_WORDS_INVALID. */
export async function readWords(path: string): Promise<LabelWords> {
  const file = await readSettings(path, 'LABEL_WORDS_INVALID');
  if (file === undefined) return USUAL_WORDS;
  const parsed = labelsFile.safeParse(file);
  if (!parsed.success) throw new SiteError('LABEL_WORDS_INVALID', describe(parsed.error));
  const own = new Map<string, Meaning>();
  for (const [written, finding] of Object.entries(parsed.data.words)) {
    const [word, meaning] = [fold(written), finding in SHORT ? SHORT[finding]! : (finding as Meaning)];
    if (own.has(word) && own.get(word) !== meaning)
      throw new SiteError('LABEL_WORDS_INVALID', 'words: one stands there in two spellings for two findings');
    own.set(word, meaning);
  }
  return new Map([...USUAL_WORDS, ...own]);
}

/** Which entry is wrong, by its place: the word itself may be more than a word. */
function describe({ issues: [issue] }: z.ZodError): string {
  return issue?.path[0] === 'words'
    ? 'words: each must stand for a finding'
    : `${String(issue?.path[0] ?? 'the file')}: ${issue?.message}`;
}
