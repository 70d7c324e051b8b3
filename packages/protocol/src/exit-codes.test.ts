import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { EXIT_CODES, exitOfProblem } from './exit-codes.ts';
import { PROBLEMS, type ProblemCode } from './problems.ts';
import { RUN_REASONS, reasonOf } from './run-outcomes.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const docs = readFileSync(join(root, 'docs/errors.md'), 'utf8');

it('documents every exit code with its meaning and next step, and no other', () => {
  const rows = [...docs.matchAll(/^\| (\d{1,3}) \| `([a-z]+)` \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, code, name, meaning, next]) => [name, [Number(code), meaning, next]])).toEqual(
    Object.entries(EXIT_CODES),
  );
});

it('documents every reason that the centre may see, how it counts and its words, and no other', () => {
  const rows = [...docs.matchAll(/^\| `([A-Z_]+)` \| `([a-z]+)` \| (.+) \|$/gm)];
  expect(rows.map(([, code, outcome, words]) => [code, [outcome, words]])).toEqual(
    Object.entries(RUN_REASONS),
  );
});

it('tells results, failures, wrong calls, waits and settings apart by the numbers that scripts rely on', () => {
  const numbers = Object.fromEntries(Object.entries(EXIT_CODES).map(([name, [code]]) => [name, code]));
  expect(numbers).toEqual({
    ...{ done: 0, failed: 1, rejected: 10, undecided: 11, nothing: 12 },
    ...{ usage: 64, waiting: 75, configuration: 78, interrupted: 130 },
  });
});

it('tells the centre a code of its list, and OTHER for every other text', () => {
  expect(reasonOf('NO_FILMS')).toBe('NO_FILMS');
  for (const text of ['ZZCANARY^JANE', 'no_films', 'toString', '']) expect(reasonOf(text)).toBe('OTHER');
});

it('calls a registry that is away a wait, and an audit that it refused a rejection', () => {
  const away = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => PROBLEMS[code][0] >= 500);
  for (const code of away) expect(exitOfProblem(code)).toBe('waiting');
  expect(exitOfProblem('AUDIT_NOT_APPROVED')).toBe('rejected');
});

/** Files of programs that people start, without tests and without processes that a program starts for itself. */
function programFiles(): string[] {
  const folders = ['apps', 'scripts', 'bench'].map((folder) => join(root, folder));
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(
        (entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name) && !/\.(test|e2e)\.ts$/.test(entry.name),
      )
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/node_modules|generated/.test(path)),
  );
}

it('no program ends with a number that the table does not have', () => {
  const known = Object.values(EXIT_CODES).map(([code]) => code as number);
  const endings = programFiles().flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?:process\.exit\(|exitCode = )([^();\n]*)/g)].flatMap(
      ([, value]) =>
        [...value!.matchAll(/(?<![\w.])\d+(?![\w.])/g)].map(([code]) => ({
          path: path.slice(root.length),
          code: Number(code),
        })),
    ),
  );
  expect(endings.length).toBeGreaterThan(5); // the search does find them
  expect(endings.filter(({ code }) => !known.includes(code))).toEqual([]);
});
