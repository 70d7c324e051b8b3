import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutateFilm } from './mutate-film.ts';
import { runFuzz } from './run-fuzz.ts';
import { createSeedFilms } from './seed-films.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    save: { type: 'string', default: '.' },
    whole: { type: 'boolean', default: false }, // the search for text and the squaring, too
  },
});
const [count, seed, first] = [Number(values.count), Number(values.seed), Number(values.first)];

const startedAt = Date.now();
const onProgress = (done: number) => {
  if (done % 5_000 === 0) process.stderr.write(`${done} of ${count}\n`);
};
const report = await runFuzz({ count, seed, first, isWhole: values.whole, onProgress });

const seeds = await createSeedFilms();
for (const { number, kind } of report.faults) {
  const { bytes, kinds, seedFilm } = mutateFilm(seeds, seed, number);
  const path = join(values.save, `fuzz-${seed}-${number}.dcm`);
  writeFileSync(path, bytes);
  process.stdout.write(`${kind}: ${path} (${seedFilm}: ${kinds.join(', ')})\n`);
}
const { verdicts, slowestMs, peakMb, faults } = report;
for (const [code, times] of Object.entries(verdicts).sort(([, a], [, b]) => b - a))
  process.stdout.write(`${String(times).padStart(8)}  ${code}\n`);
process.stdout.write(
  `${count} mutations of seed ${seed} from ${first} in ${((Date.now() - startedAt) / 1_000).toFixed(0)} s: ${faults.length} faults, slowest ${slowestMs.toFixed(0)} ms of processor, children up to ${peakMb.toFixed(0)} MB\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
