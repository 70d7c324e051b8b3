import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { readLabels } from '../labels.ts';

const temporaryFolder = useTemporaryFolders();

/** Rows that need quotation marks in every dialect, in words of the encoding's own language. */
const SCRIPT = `
import csv, sys
path, encoding, delimiter, quoting, healthy, ill = sys.argv[1:]
with open(path, "w", newline="", encoding=encoding) as file:
    table = csv.writer(file, delimiter=delimiter, quoting=getattr(csv, quoting))
    table.writerow(["Export", "von heute; alle", ""])
    table.writerow(["Accession Number", "SOP Instance UID", "Note, remark", "Finding"])
    table.writerow(["0001", "1.2.3", 'say "x"; y, z\\tw', healthy])
    table.writerow(["0002", "1.2.4", "two\\nlines", ill])
`;

const EUROPEAN = ['unauffällig', 'ostéophytes'] as const;
const VIETNAMESE = ['bình thường', 'gai xương'] as const;
const CHINESE = ['未见异常', '骨质增生'] as const;

it.each([
  ['utf-8', ',', 'QUOTE_MINIMAL', ...EUROPEAN],
  ['utf-8', ';', 'QUOTE_ALL', ...VIETNAMESE],
  ['utf-8-sig', ';', 'QUOTE_MINIMAL', ...CHINESE],
  ['utf-16', '\t', 'QUOTE_MINIMAL', ...VIETNAMESE],
  ['utf-16-le', '\t', 'QUOTE_ALL', ...EUROPEAN],
  ['utf-16-be', ';', 'QUOTE_MINIMAL', ...EUROPEAN],
  ['cp1252', ';', 'QUOTE_NONNUMERIC', ...EUROPEAN],
  ['gb18030', ',', 'QUOTE_MINIMAL', ...CHINESE],
  ['gb2312', '|', 'QUOTE_ALL', ...CHINESE],
])('a label file that Python’s csv wrote in %s with %j is read', async (encoding, delimiter, ...rest) => {
  const path = join(await temporaryFolder(), 'labels.csv');
  execFileSync('python3', ['-c', SCRIPT, path, encoding, delimiter, ...rest]);
  const labels = [...(await readLabels([path]))].map(([name, { findings, row }]) => [name, ...findings, row]);
  expect(labels).toEqual([
    ['1.2.3', 'No finding', 3],
    ['1.2.4', 'Osteophytes', 4],
  ]);
});
