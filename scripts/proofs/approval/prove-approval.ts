import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AuditReport, AuditTest } from '../../../packages/audit-rules/src/index.ts';
import type { PresetName } from '../../../packages/gan/src/index.ts';
import { openCentre } from '../../demo/centre.ts';
import { siteFolders } from '../../demo/options.ts';
import { createPrograms, type Programs } from '../../demo/processes.ts';
import { rowOfTest, TEST_HEAD } from '../audit-rows.ts';
import { defineProof, type Proof, type ProofContext, type ProofSize } from '../proof.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const SEED = 7;

export type ApprovalUnit = {
  key: 'phantoms' | 'films';
  title: string;
  patients: number;
  preset: PresetName;
  flags: string[];
  /** Shares of the patients; the agent's own where none are named. */
  split?: { validation: number; holdOut: number };
  /** Decisions that a run of full length may come to, every test decided by itself. */
  wanted: AuditReport['decision'][];
};
/** What this proof reads of `synspine-site run --json`. */
type RunSummary = {
  films: { ingested: number };
  audit: AuditReport | null;
  outcome: string;
  release: object | null;
};
type Result = { films: number; audit: AuditReport | null; outcome: string; released: boolean };

/** The folders of films that a unit's home ingests. */
async function findFolders(unit: ApprovalUnit, folder: string, films: string | null, programs: Programs) {
  if (unit.key === 'films') {
    if (!films) throw new Error('NO_DATA: this proof needs real films: --data DIR, one folder a site.');
    return siteFolders(films).map((site) => join(films, site));
  }
  const out = join(folder, 'phantoms');
  const args = ['phantoms', '--out', out, '--patients', String(unit.patients), '--seed', String(SEED)];
  if (!existsSync(join(out, 'labels.csv')))
    await programs.run('site', args, { logFile: join(folder, 'phantoms.log') });
  return [out];
}

/** A site's whole way, by the command lines that a hospital uses, under the policy that ships: nothing is accepted. */
async function runSite(unit: ApprovalUnit, context: ProofContext): Promise<Result> {
  const programs = createPrograms(root);
  const stateDir = join(context.folder, `${unit.key}-${unit.patients}-${unit.preset}`); // another unit, another home
  const home = join(stateDir, 'home');
  const logFile = join(stateDir, 'site.log');
  const summaryFile = join(stateDir, 'summary.json');
  const site = (args: string[], results: Parameters<Programs['run']>[2]['results'] = []) =>
    programs.run('site', [...args, '--home', home], { logFile, results });
  try {
    mkdirSync(stateDir, { recursive: true });
    const centre = await openCentre({ stateDir }, programs, root);
    if (!existsSync(join(home, 'site.json'))) {
      const code = await centre.invite(unit.key, unit.key);
      await site(['init', '--registry', centre.url, '--code', code]);
      await site(['policy', 'init']);
    }
    if (unit.split) writeTraining(home, unit.split);
    for (const folder of await findFolders(unit, stateDir, context.films, programs))
      await site(['ingest', folder, '--labels', join(folder, 'labels.csv')]);
    const flags = ['--preset', unit.preset, ...unit.flags, '--json', summaryFile];
    await site(['run', ...flags], ['rejected', 'undecided', 'nothing']);
  } finally {
    await programs.stopAll();
  }
  const { films, audit, outcome, release } = JSON.parse(readFileSync(summaryFile, 'utf8')) as RunSummary;
  return { films: films.ingested, audit, outcome, released: release !== null };
}

function writeTraining(home: string, split: ApprovalUnit['split']): void {
  const training = { schema: 'synspine.training/1', split };
  writeFileSync(join(home, 'training.json'), JSON.stringify(training));
}

/** The decision that the verdicts call for, said once more without the gate's code. */
function expectedDecision(tests: readonly AuditTest[]): AuditReport['decision'] {
  if (tests.some(({ verdict }) => verdict === 'fail')) return 'reject';
  return tests.every(({ verdict }) => verdict === 'pass') ? 'approve' : 'undecided';
}

function describe({ films, audit, outcome }: Result): string {
  const patients = audit?.tests[0]?.patients ?? 0;
  return `${outcome}: ${films} films, ${patients} held-out patients; ${audit?.reasons.join('; ') || 'no objection'}`;
}

/** A proof of a site's whole way to the gate's decision. */
export const proveApproval = (units: Record<ProofSize, ApprovalUnit[]>, method: string): Proof =>
  defineProof<ApprovalUnit, Result>({
    title: 'An approval without any acceptance, or a rejection',
    method: `One agent, enrolled at a registry of its own, the shipped policy (nothing accepted), the preset at its own length. ${method}`,
    units: (size) => units[size],
    run: runSite,
    report: (results, size) => ({
      claims: results.flatMap(({ unit, result }) => claimsOf(unit, result, size)),
      tables: results.flatMap(({ unit, result: { audit } }) =>
        audit
          ? [{ title: unit.title, head: TEST_HEAD, rows: audit.tests.map((test) => rowOfTest(test, audit)) }]
          : [],
      ),
    }),
  });

function claimsOf({ title, wanted }: ApprovalUnit, result: Result, size: ProofSize) {
  const { audit, released } = result;
  const isHonest =
    audit !== null &&
    (audit.accepted ?? []).length === 0 &&
    audit.decision === expectedDecision(audit.tests) &&
    released === (audit.decision === 'approve');
  const measured = describe(result);
  const honest = { text: `${title}: decided by figures alone`, measured, holds: isHonest };
  if (size === 'quick') return [honest];
  const text = `${title}: ${wanted.join(' or ')}, every test decided by itself`;
  return [honest, { text, measured, holds: isHonest && wanted.includes(audit.decision) }];
}
