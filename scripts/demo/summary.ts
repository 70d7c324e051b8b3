import {
  AUDIT_STATE_WORDS,
  type AuditReport,
  DEMONSTRATION_WARNING,
  describeTestState,
  isDemonstration,
  stateOfAudit,
} from '../../packages/audit-rules/src/index.ts';
import { type BenchmarkCell, notesOf, ONE_GENERATOR } from '../../packages/protocol/src/index.ts';

type Figure = { value: number; ciLow: number; ciHigh: number; protocol: string };
/** What `synspine-site run --json` writes. */
export type SiteSummary = {
  films: { ingested: number; refused: { code: string; count: number }[] };
  quality: { fid: Figure; kid: Figure; precision: Figure; recall: Figure; floor: Figure; n: number } | null;
  audit: Pick<
    AuditReport,
    'decision' | 'tests' | 'reasons' | 'accepted' | 'acceptedUndecided' | 'policy'
  > | null;
  release: { id: string; version: number; sha256: string } | null;
  /** Why nothing was released. */
  code?: string | null;
};
export type Summary = {
  sites: ({ id: string } & SiteSummary)[];
  benchmark: BenchmarkCell[];
  durationS: number;
};

const f = (x: number, digits: number) => x.toFixed(digits);
const figure = (q: Figure, digits: number) =>
  `${f(q.value, digits)} (${f(q.ciLow, digits)}–${f(q.ciHigh, digits)})`;

/** The tables that end a demo: every number with its n and 95 % interval. */
export function printSummary(summary: Summary, print = console.log) {
  const released = summary.sites.filter((site) => site.release).length;
  print(
    `\n${released} of ${summary.sites.length} sites released. Privacy audits here are by a ${DEMONSTRATION_WARNING}.`,
  );
  print('\nSites: synthetic films against real held-out films (95 % CI)');
  for (const site of summary.sites) printSite(site, print);
  print('\nBenchmark: AUC on real held-out films, scored inside the sites (95 % CI)');
  printBenchmark(summary.benchmark, print);
}

/** The stratified AUC of a training set stands before the pooled one and those of single sites. */
function printBenchmark(cells: readonly BenchmarkCell[], print: (line: string) => void) {
  const notes = notesOf(cells);
  for (const c of cells) {
    const generators = c.generators === undefined ? '' : `${c.generators} generator × `;
    const learnt = c.nTraining === undefined ? '' : `, ${c.nTraining} training images`;
    const n = `n = ${c.nPositive} abnormal + ${c.nNegative} normal, ${generators}${c.seeds} seeds${learnt}`;
    const marks = notes
      .filter(({ warning }) => c.warnings?.includes(warning))
      .map(({ mark }) => ` (${mark})`);
    print(
      `  ${c.trainedOn.padEnd(24)} → ${c.testedOn.padEnd(10)} ${f(c.auc, 3)} (${f(c.ciLow, 3)}–${f(c.ciHigh, 3)})   ${n}${marks.join('')}`,
    );
  }
  for (const { mark, words } of notes) print(`  (${mark}) ${words}`);
  if (cells.some((c) => c.generators === 1)) print(`  ${ONE_GENERATOR}`);
}

function printSite(site: Summary['sites'][number], print: (line: string) => void) {
  const refused = site.films.refused.map((r) => `${r.count} ${r.code}`).join(', ') || 'none';
  print(`  ${site.id}: ${site.films.ingested} films, refused: ${refused}`);
  const q = site.quality;
  if (q) {
    print(
      `    FID ${figure(q.fid, 1)}   floor (real against real) ${figure(q.floor, 1)}   n = ${q.n}   [${q.fid.protocol}]`,
    );
    print(
      `    KID ${figure(q.kid, 4)}   precision ${figure(q.precision, 2)}   recall ${figure(q.recall, 2)}`,
    );
  }
  if (site.audit) printAudit(site.audit, print);
  else print('    audit: not run');
  print(
    site.release
      ? `    released v${site.release.version}, sha256 ${site.release.sha256.slice(0, 16)}…`
      : `    nothing released (${site.code ?? 'it did not get that far'}): the report stays at the site`,
  );
}

/** The audit's state in words, each test's, and what speaks against a rejected release. */
function printAudit(audit: NonNullable<SiteSummary['audit']>, print: (line: string) => void): void {
  const tests = audit.tests.map((test) => {
    const needed = test.patientsNeeded ? ` (would take ${test.patientsNeeded} patients)` : '';
    return `${test.id} ${describeTestState(test, audit)}${needed}`;
  });
  print(`    audit: ${AUDIT_STATE_WORDS[stateOfAudit(audit)]} — ${tests.join(', ')}`);
  if (isDemonstration(audit)) print(`    ${DEMONSTRATION_WARNING}`);
  if (audit.decision === 'reject') for (const reason of audit.reasons) print(`    reason: ${reason}`);
}
