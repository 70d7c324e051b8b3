import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Proof, ProofContext, ProofReport, ProofUnit } from './proof.ts';

type Kept = { unit: ProofUnit; result: unknown; commit?: string };

/**
 * Runs the units that have no result in `context.folder` yet, or whose result is of a unit that was since described otherwise, and
 * reports on all. A cut-off run is simply started again. `commits`: of the code that the results are of.
 */
export async function runProof(
  proof: Proof,
  context: ProofContext,
  commit: string,
): Promise<ProofReport & { commits: string[] }> {
  const results = join(context.folder, 'results');
  mkdirSync(results, { recursive: true });
  const units = proof.units(context.size);
  const done: Kept[] = [];
  for (const [at, unit] of units.entries()) {
    const file = join(results, `${unit.key}.json`);
    if (!isKept(file, unit)) {
      context.say(`${at + 1} of ${units.length}: ${unit.key}`);
      writeWhole(file, JSON.stringify({ unit, commit, result: await proof.run(unit, context) }));
    }
    done.push(JSON.parse(readFileSync(file, 'utf8')));
  }
  const commits = [...new Set(done.map((kept) => kept.commit ?? 'unknown'))];
  return { ...proof.report(done as { unit: ProofUnit; result: unknown }[], context.size), commits };
}

function isKept(file: string, unit: ProofUnit): boolean {
  if (!existsSync(file)) return false;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  return JSON.stringify(kept.unit) === JSON.stringify(unit);
}

/** A result exists in full or not at all. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
