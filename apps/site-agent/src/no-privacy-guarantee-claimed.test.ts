import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDERS = ['apps', 'packages', 'docs', 'scripts', 'bench', 'infra'];
const TEXTS = /\.(ts|tsx|mts|mjs|md|html|css|json|yaml|yml|py|sh)$/;
const NOT_OURS = new Set(['node_modules', 'build', 'dist', 'generated', 'coverage', '.turbo']);

/** Noise that nobody accounted for guarantees nothing, so the word is used only where its absence is explained. */
const CLAIM = new RegExp(['differential(?:ly)?[-\\s]+priva', '\\bDP\\b', '\\bDP-?SGD\\b'].join('|'), 'i');
const EXPLAINED: ReadonlyMap<string, RegExp> = new Map([
  ['SECURITY.md', /Not yet there:[^.]*differential privacy/],
  ['apps/site-agent/src/no-privacy-guarantee-claimed.test.ts', /CLAIM/],
]);

function textsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : textsBelow(path);
    return TEXTS.test(entry.name) ? [path] : [];
  });
}

function ownTexts(): string[] {
  const atRoot = readdirSync(REPOSITORY, { withFileTypes: true });
  const files = atRoot.filter((entry) => entry.isFile() && TEXTS.test(entry.name));
  const below = FOLDERS.flatMap((folder) => textsBelow(join(REPOSITORY, folder)));
  return [...files.map(({ name }) => join(REPOSITORY, name)), ...below];
}

it('claims differential privacy nowhere, and names it only where its absence is explained', () => {
  const found = new Map<string, string>();
  for (const path of ownTexts()) {
    const text = readFileSync(path, 'utf8');
    if (CLAIM.test(text)) found.set(relative(REPOSITORY, path).split(sep).join('/'), text);
  }
  expect([...found.keys()].filter((path) => !EXPLAINED.has(path))).toEqual([]);
  for (const [path, text] of found) expect(text).toMatch(EXPLAINED.get(path)!);
  expect(found.has('SECURITY.md')).toBe(true); // the search does look
});
