import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Proof, ProofContext, ProofReport } from './proof.ts';

/** Runs the units that have no result in `context.folder` yet, and reports on all. A cut-off run is simply started again. */
export async function runProof(proof: Proof, context: ProofContext): Promise<ProofReport> {
  const results = join(context.folder, 'results');
  mkdirSync(results, { recursive: true });
  const units = proof.units(context.size);
  const done: { unit: (typeof units)[number]; result: unknown }[] = [];
  for (const [at, unit] of units.entries()) {
    const file = join(results, `${unit.key}.json`);
    if (!existsSync(file)) {
      context.say(`${at + 1} of ${units.length}: ${unit.key}`);
      writeWhole(file, JSON.stringify({ unit, result: await proof.run(unit, context) }));
    }
    done.push(JSON.parse(readFileSync(file, 'utf8')));
  }
  return proof.report(done, context.size);
}

/** A result exists in full or not at all. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
