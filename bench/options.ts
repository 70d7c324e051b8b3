import { parseArgs } from 'node:util';
import { type PresetName, presets } from '../packages/gan/src/index.ts';
import type { Half } from './text-films.ts';

export const USAGE = `npm run bench [-- PART … ] [options]
parts    compute    our training step beside PyTorch's, images a second, first step, memory
         features   our Inception features beside onnxruntime's
         big        two steps at 256 px on the CPU
         ingest     our reading of films beside pydicom and Pillow, per transfer syntax
         text       how often text on films is found, and what looking for it costs
         registry   requests, downloads and uploads beside bare fastify, nginx and dd; takes wrk and nginx
         (none: compute and features)
--json FILE        also write the figures as JSON
--quick            3 rounds instead of 7, compiled graphs kept from the last run, latency once; a third of the films for text
--rounds N         another number of rounds
--presets A,B      default ${'demo-32,demo-64,small-128'}
--batch N          instead of the preset's
--threads N        of every contender, default 2
--films DIR        films for ingest (phantoms otherwise) and for text
--half HALF        of the films' patients, for text: measure (default), or tune, on which limits may be chosen
--syntaxes A,B     of ingest, such as explicit or 'JPEG 2000'; default all
--xla              also measure our steps compiled by XLA
npm run bench:gpu  the 256 px presets on a graphics card; with --python PYTHON beside its PyTorch`;

export type BenchOptions = {
  parts: string[];
  json: string | null;
  quick: boolean;
  rounds: number;
  presets: PresetName[];
  batch: number | null;
  threads: number;
  xla: boolean;
  films: string | null;
  half: Half;
  syntaxes: string[] | null;
  python: string;
};

const partNames = ['compute', 'features', 'big', 'gpu', 'ingest', 'text', 'registry'];

function presetNames(text: string): PresetName[] {
  const names = text.split(',') as PresetName[];
  for (const name of names) if (!(name in presets)) throw new RangeError(`There is no preset ${name}.`);
  return names;
}

function halfNamed(text: string): Half {
  if (text === 'measure' || text === 'tune') return text;
  throw new RangeError(`--half takes measure or tune, not ${text}.`);
}

/** A whole number from 1 on, or `otherwise` where the option is absent. */
function wholeNumber<T>(name: string, text: string | undefined, otherwise: T): number | T {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d*$/.test(text))
    throw new RangeError(`--${name} takes a whole number from 1 on, not ${text}.`);
  return Number(text);
}

/** Errors: RangeError or TypeError with a sentence for the person at the keyboard. */
export function readOptions(argv: string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      json: text,
      quick: flag,
      presets: text,
      batch: text,
      rounds: text,
      threads: text,
      xla: flag,
      films: text,
      half: text,
      syntaxes: text,
      python: text,
    },
  });
  for (const part of positionals)
    if (!partNames.includes(part)) throw new RangeError(`There is no part ${part}.`);
  return {
    parts: positionals.length ? positionals : ['compute', 'features'],
    json: values.json ?? null,
    quick: values.quick ?? false,
    rounds: wholeNumber('rounds', values.rounds, values.quick ? 3 : 7),
    presets: presetNames(values.presets ?? defaultPresets(positionals)),
    batch: wholeNumber('batch', values.batch, null),
    threads: wholeNumber('threads', values.threads, 2),
    xla: values.xla ?? false,
    films: values.films ?? null,
    half: halfNamed(values.half ?? 'measure'),
    syntaxes: values.syntaxes?.split(',') ?? null,
    python: values.python ?? '',
  };
}

function defaultPresets(parts: string[]): string {
  return parts.includes('big') || parts.includes('gpu')
    ? 'clinic-256,paper-256'
    : 'demo-32,demo-64,small-128';
}
