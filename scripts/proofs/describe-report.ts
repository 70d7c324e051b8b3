import type { Proof, ProofReport, ProofTable } from './proof.ts';

export type Provenance = { name: string; commit: string; machine: string; measuredAt: string };

/** The report as docs/results shows it. */
export function describeReport(
  { title, method }: Pick<Proof, 'title' | 'method'>,
  { claims, tables }: ProofReport,
  { name, commit, machine, measuredAt }: Provenance,
): string {
  const claimTable: ProofTable = {
    title: 'Claims',
    head: ['claim', 'measured', 'holds'],
    rows: claims.map(({ text, measured, holds }) => [text, measured, holds ? 'yes' : '**no**']),
  };
  return `${[
    `# ${title}`,
    wrap(method),
    `\`npm run proof -- ${name}\` measures this. Commit ${commit}, ${machine}, ${measuredAt.slice(0, 10)}.`,
    ...[claimTable, ...tables].map(describeTable),
  ].join('\n\n')}\n`;
}

function describeTable({ title, head, rows }: ProofTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Lines of at most 100 characters, as all documents have. */
function wrap(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/(.{1,100})(?: |$)/g, '$1\n')
    .trimEnd();
}
