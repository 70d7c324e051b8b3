import type { Command } from 'commander';
import { readJson, writeJson } from '../durable-file.ts';
import { masterFile } from '../films/master-image.ts';
import { isPairOf, type PatientPair, readSamePatient } from '../films/same-patient.ts';
import type { Split } from '../films/split.ts';
import { openHome } from '../home.ts';
import { SiteError } from '../site-error.ts';
import { homeOption } from './home-option.ts';

export function addPatientsCommand(program: Command): void {
  const patients = program.command('patients').description('Patients who seem to have two numbers');
  patients
    .command('suspects')
    .description(
      'Pairs whose films look like one patient’s, with two images to look at; for the site’s own eyes',
    )
    .addOption(homeOption())
    .action(listSuspects);
  for (const [name, text] of [
    ['same', 'Say that two patient keys are one person: the next split puts them together'],
    ['different', 'Say that two patient keys are two persons: they are no longer kept together'],
  ] as const) {
    patients
      .command(name)
      .description(text)
      .argument('<key>', 'from `patients suspects`')
      .argument('<other>', 'the other key of the pair')
      .addOption(homeOption())
      .action((one: string, other: string, { home }: { home: string }) => settle(home, one, other, name));
  }
}

async function listSuspects({ home: folder }: { home: string }): Promise<void> {
  const home = await openHome(folder);
  const { pairs } = await readSamePatient(home);
  const split = (await readJson<Split>(home.files.split)) ?? {};
  const lines = pairs.map((pair) => describePair(pair, split));
  process.stdout.write(lines.length > 0 ? `${lines.join('\n')}\n` : 'No two patients look like one.\n');
}

function describePair({ patients, films, state }: PatientPair, split: Split): string {
  const parts = patients.map((key) => split[key] ?? 'no part yet');
  const isSplit =
    parts.includes('hold-out') && parts.some((part) => part === 'train' || part === 'validation');
  const note = isSplit ? '; sealed on both sides, so the held-out one is in no figure' : '';
  return [
    `${state}: ${patients.join(' ')} (${parts.join(', ')}${note})`,
    ...films.map((film) => `  ${masterFile(film)}`),
  ].join('\n');
}

/** Throws OPTION_INVALID for a pair that the search has not named. */
async function settle(
  folder: string,
  one: string,
  other: string,
  state: 'same' | 'different',
): Promise<void> {
  const home = await openHome(folder);
  const known = await readSamePatient(home);
  if (!known.pairs.some((pair) => isPairOf(pair, one, other)))
    throw new SiteError('OPTION_INVALID', 'no such pair; see `synspine-site patients suspects`');
  const pairs = known.pairs.map((pair) => (isPairOf(pair, one, other) ? { ...pair, state } : pair));
  await writeJson(home.files.samePatient, { ...known, pairs });
  process.stdout.write(`${state}; the next run goes by it, and nobody moves out of a sealed part.\n`);
}
