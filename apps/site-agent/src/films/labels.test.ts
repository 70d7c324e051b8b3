import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { readLabels } from './labels.ts';

const temporaryFolder = useTemporaryFolders();

async function labelsOf(text: string) {
  const path = join(await temporaryFolder(), 'labels.csv');
  await writeFile(path, text);
  return Object.fromEntries(await readLabels(path));
}

describe('readLabels', () => {
  it('finds its columns in any case, order and byte order mark', async () => {
    const text = '\uFEFFNote,LABEL,SOP Instance UID\nx,Abnormal,1.2.3\ny,NORMAL,1.2.4\n';
    expect(await labelsOf(text)).toEqual({ '1.2.3': 'abnormal', '1.2.4': 'normal' });
  });

  it('leaves films with another word unlabelled', async () => {
    expect(await labelsOf('sop_instance_uid,label\n1.2.3,unsure\n1.2.4,\n')).toEqual({});
  });

  it('takes a film of VinDr-SpineXR as abnormal iff any finding is not "No finding"', async () => {
    const rows = [
      'image_id,study_id,series_id,rad_id,lesion_type,xmin',
      'a,s,s,r1,No finding,',
      'b,s,s,r1,Osteophytes,12',
      'c,s,s,r1,No finding,',
      'c,s,s,r2,Disc space narrowing,3',
      'd,s,s,r1,Osteophytes,3',
      'd,s,s,r2,No finding,',
    ];
    expect(await labelsOf(rows.join('\n'))).toEqual({
      a: 'normal',
      b: 'abnormal',
      c: 'abnormal',
      d: 'abnormal',
    });
  });

  it.each([['sop_instance_uid,cobb\n1,2\n'], ['label\nnormal\n'], ['']])(
    'refuses a file without both columns',
    async (text) => {
      await expect(labelsOf(text)).rejects.toMatchObject({ code: 'LABELS_UNREADABLE' });
    },
  );
});
