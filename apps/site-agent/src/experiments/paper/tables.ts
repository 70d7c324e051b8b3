import type { AucRow, Interval, PaperResults, QualityRow } from './results.ts';

export type Table = { caption: string; header: string[]; rows: string[][] };

/** Table 1: AUC of classifiers that learn from real and synthetic films, always scored on real films of other patients. */
export function aucTable({ auc, options }: PaperResults): Table {
  const { generatorSeeds, classifierSeeds, preset, architecture } = options;
  return {
    caption: `AUC, abnormal against normal, on held-out real films. ${preset}, ${architecture}; synthetic rows are means over ${generatorSeeds} × ${classifierSeeds} seeds of generator and classifier, real ones over ${classifierSeeds}, with 95 % intervals over patients and seeds; differences are paired by patient.`,
    header: ['Trained on', 'Method', 'Tested on', 'Films', 'AUC', 'Less real'],
    rows: auc.map((row) => [
      row.trainedOn,
      row.method,
      row.test,
      String(row.films),
      formatInterval(row.auc),
      formatDifference(row),
    ]),
  };
}

const METRICS = ['fid', 'kid', 'precision', 'recall', 'density', 'coverage', 'label-fidelity'] as const;

/** Table 2: how near the synthetic films come to real ones, beside real training films in their place. */
export function qualityTable({ quality, options: { generatorSeeds } }: PaperResults): Table {
  const places = new Set(quality.map(({ dataset, stratum }) => `${dataset}\n${stratum}`));
  const rows = [...places].flatMap((place) => {
    const [dataset, stratum] = place.split('\n') as [string, string];
    const here = quality.filter((row) => row.dataset === dataset && row.stratum === stratum);
    const films = here.find(({ metric }) => metric === 'fid')?.n;
    const line = (method: string, of: QualityRow[], show: (row: QualityRow) => string) => [
      dataset,
      stratum,
      method,
      films === undefined ? '–' : String(films),
      ...METRICS.map((metric) => of.find((row) => row.metric === metric)).map((row) =>
        row ? show(row) : '–',
      ),
    ];
    const ofMethod = (method: string) =>
      line(
        method,
        here.filter((row) => row.method === method),
        formatSeeds,
      );
    return [ofMethod('gan'), ofMethod('spinegan'), line('real', here, formatFloor)];
  });
  const protocols = [...new Set(quality.map(({ protocol }) => protocol))].sort().join(', ');
  return {
    caption: `Quality against held-out films: mean of ${generatorSeeds} trainings, lowest–highest; “real” puts real training films in place of synthetic ones, which is what a perfect generator would score at this n. Films: how many on each side. Protocols: ${protocols}.`,
    header: ['Data set', 'Stratum', 'Method', 'Films', ...METRICS],
    rows,
  };
}

export function toMarkdown({ caption, header, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [caption, '', line(header), line(header.map(() => '---')), ...rows.map(line), ''].join('\n');
}

export function toCsv({ header, rows }: Table): string {
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [header, ...rows].map((cells) => `${cells.map(cell).join(',')}\n`).join('');
}

function formatInterval({ value, ciLow, ciHigh }: Interval): string {
  return `${toText(value)} (${toText(ciLow)} to ${toText(ciHigh)})`;
}

function formatDifference({ method, lessReal }: AucRow): string {
  return method === 'real' ? '–' : formatInterval(lessReal);
}

function formatSeeds({ values }: QualityRow): string {
  const all = values.map(({ value }) => value);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return `${toText(mean)} (${toText(Math.min(...all))}–${toText(Math.max(...all))})`;
}

function formatFloor({ floor }: QualityRow): string {
  return floor ? toText(floor.value) : '–';
}

/** FIDs to a tenth, shares and the like to a thousandth. */
function toText(value: number): string {
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
}
