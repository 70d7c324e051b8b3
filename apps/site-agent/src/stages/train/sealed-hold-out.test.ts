import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../..', import.meta.url));

/** Every file of ours that `entry` imports, directly or through others; types included. */
function importsOf(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry) || !existsSync(entry)) return seen;
  seen.add(entry);
  for (const [, path] of readFileSync(entry, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
    importsOf(join(dirname(entry), path!), seen);
  }
  return seen;
}
const namesOf = (entry: string) => [...importsOf(join(SOURCE, entry))].map((path) => relative(SOURCE, path));

// Training chooses a generator, the filters choose its images: either would select on the test films.
it.each(['train', 'filter'])('%s can not even import what opens the sealed hold-out', (stage) => {
  const reached = namesOf(`stages/${stage}/run.ts`);
  expect(reached).toContain('films/training-films.ts');
  expect(reached).not.toContain('films/hold-out.ts');
});

it('the same search does find it where it is used', () => {
  expect(namesOf('stages/evaluate/run.ts')).toContain('films/hold-out.ts');
});
