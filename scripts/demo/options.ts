import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export type DemoOptions = {
  /** Folder of real films: one folder a site, each with labels.csv; null: phantoms. */
  data: string | null;
  quick: boolean;
  exit: boolean;
  json: string | null;
  preset: string;
  /** Classes: normal and abnormal, or what was found. */
  labels: 'binary' | 'findings';
  /** All state of this demo; the same options go on from it. */
  stateDir: string;
};

const USAGE = `npm run demo -- [options]
  --data DIR      real films: one folder a site, each with DICOM files and labels.csv (default: phantoms)
  --preset NAME   demo-32 (default), or another of the site agent's that fits this machine
  --labels NAME   binary (default), or findings: a class for each that 11 training patients of a site share
  --quick         fewer films, short training
  --exit          stop when done instead of serving the dashboard
  --json FILE     write the summary
  --state DIR     where the demo keeps its sites and its registry (default: demo-data/…)
  --fresh         forget an earlier run with the same options`;

export class UsageError extends Error {}

/** Reads the command line; throws {@link UsageError} with one clear line. */
export function readOptions(argv: string[], root: string): DemoOptions & { fresh: boolean } {
  const { values: v } = parse(argv);
  if (v.help) throw new UsageError(USAGE);
  const data = v.data ? resolve(v.data) : null;
  if (data && siteFolders(data).length === 0) {
    throw new UsageError(
      `NO_SITES: ${v.data} holds no folder with a labels.csv. Give one folder a site, each with its labels.csv.`,
    );
  }
  const preset = v.preset ?? 'demo-32';
  const labels = v.labels ?? 'binary';
  if (labels !== 'binary' && labels !== 'findings') {
    throw new UsageError(`BAD_OPTION: --labels is binary or findings, not ${labels}.`);
  }
  const key = createHash('sha256')
    .update(JSON.stringify([data, v.quick, preset, ...(labels === 'binary' ? [] : [labels])]))
    .digest('hex')
    .slice(0, 8);
  const name = `${data ? basename(data) : 'phantoms'}-${preset}${v.quick ? '-quick' : ''}-${key}`;
  const stateDir = resolve(v.state ?? join(root, 'demo-data', name));
  return {
    data,
    preset,
    labels,
    stateDir,
    quick: v.quick ?? false,
    exit: v.exit ?? false,
    json: v.json ? resolve(v.json) : null,
    fresh: v.fresh ?? false,
  };
}

function parse(argv: string[]) {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: argv,
      options: {
        data: text,
        preset: text,
        labels: text,
        quick: flag,
        exit: flag,
        json: text,
        state: text,
        fresh: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new UsageError(`BAD_OPTION: ${(error as Error).message}\n${USAGE}`);
  }
}

/** Names of the folders of `data` that hold a labels.csv: the sites. */
export function siteFolders(data: string): string[] {
  if (!existsSync(data)) return [];
  const folders = readdirSync(data, { withFileTypes: true }).filter(
    (e) => e.isDirectory() && existsSync(join(data, e.name, 'labels.csv')),
  );
  return folders.map((e) => e.name).sort();
}
