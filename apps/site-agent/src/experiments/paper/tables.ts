import type { FindingRow } from './auc-rows.ts';
import type { Interval } from './interval.ts';
import type { PaperResults, QualityRow } from './results.ts';

export type Table = { caption: string; header: string[]; rows: string[][] };

/** Table 1: AUC of classifiers that learn from real and synthetic films, always scored on real films of other patients. */
export function aucTable({ auc, options, outside }: PaperResults): Table {
  const { generatorSeeds, classifierSeeds, preset, architecture } = options;
  return {
    caption: `AUC, abnormal against normal, on real films that nothing was trained or tuned on. ${preset}, ${architecture}; synthetic rows are means over ${generatorSeeds} × ${classifierSeeds} seeds of generator and classifier, real ones over ${classifierSeeds}, with 95 % intervals over patients and seeds; differences are paired by patient.${outside.map(describeOutside).join('')}`,
    header: ['Trained on', 'Method', 'Tested on', 'Films', 'Patients', 'AUC', 'Less real', 'Less GAN'],
    rows: auc.map((row) => [
      row.trainedOn,
      row.method,
      row.test,
      String(row.films),
      String(row.patients),
      formatInterval(row.auc),
      row.lessReal ? formatInterval(row.lessReal) : '–',
      row.lessGan ? formatInterval(row.lessGan) : '–',
    ]),
  };
}

function describeOutside({ testedOn, isScored, films, alsoInside }: PaperResults['outside'][number]): string {
  const left = alsoInside > 0 ? `, ${alsoInside} left out that are also inside` : '';
  return isScored
    ? ` ${testedOn}: ${films} films${left}.`
    : ` ${testedOn} is not scored: too few patients of a class${left}.`;
}

/** AUC against the images that the generators were shown, beside that of real films. */
export function curveTable({
  curve,
  auc,
  options: { generatorSeeds, classifierSeeds },
}: PaperResults): Table {
  const ofReal = auc.filter(({ method }) => method === 'real');
  const real = ofReal.map(({ trainedOn, test, films, auc: of }) => {
    return [trainedOn, 'real', '–', test, String(films), formatInterval(of), '–', '–'];
  });
  const points = curve.map((row) => [
    row.trainedOn,
    row.method,
    String(row.imagesShown),
    row.test,
    String(row.films),
    formatInterval(row.auc),
    formatInterval(row.lessReal),
    row.lessGan ? formatInterval(row.lessGan) : '–',
  ]);
  return {
    caption: `AUC against images shown: ${generatorSeeds} × ${classifierSeeds} classifiers learn from synthetic films alone, drawn from each training’s snapshots. Intervals as in Table 1.`,
    header: ['Trained on', 'Method', 'Images shown', 'Tested on', 'Films', 'AUC', 'Less real', 'Less GAN'],
    rows: [...real, ...points],
  };
}

/** One finding against the rest, beside how often a judge sees the finding in the images that were asked to show it. */
export function findingsTable({ findings, quality }: PaperResults): Table {
  const fidelityOf = ({ trainedOn, method, finding }: FindingRow) => {
    const row = quality.find(
      (score) =>
        score.metric === 'label-fidelity' &&
        score.dataset === trainedOn &&
        score.stratum === finding &&
        (method === 'real' ? true : score.method === method),
    );
    if (!row || method === 'real+spinegan') return '–';
    return method === 'real' ? formatFloor(row) : formatSeeds(row);
  };
  return {
    caption:
      'AUC of each finding against all others. Label fidelity: how often a judge that learnt from the same films sees the finding in images that were asked to show it, mean of the trainings (lowest–highest); for “real”, in held-out films that have it.',
    header: [
      'Trained on',
      'Finding',
      'Method',
      'Tested on',
      'Films',
      'With it',
      'AUC',
      'Less real',
      'Label fidelity',
    ],
    rows: findings.map((row) => [
      ...[row.trainedOn, row.finding, row.method, row.test, String(row.films), String(row.positives)],
      formatInterval(row.auc),
      row.lessReal ? formatInterval(row.lessReal) : '–',
      fidelityOf(row),
    ]),
  };
}

/** NVIDIA's protocol, beside which the held-out scores of Table 2 stand. */
export function fullProtocolTable({ fullProtocol, options: { generatorSeeds } }: PaperResults): Table {
  return {
    caption: `All training films against many synthetic images, as NVIDIA scores StyleGAN2-ADA, classes in turn: mean of ${generatorSeeds} trainings, lowest–highest; the protocol has no interval over films. The reference is what the generator learnt from, so copying scores well. Precision and recall are on Inception’s features, not on VGG16’s as NVIDIA’s: compare them with each other, not with print.`,
    header: ['Data set', 'Method', 'Protocol', 'Training films', 'Images', 'Value'],
    rows: fullProtocol.map(({ dataset, method, protocol, trainFilms, images, values }) => [
      ...[dataset, method, protocol, String(trainFilms), String(images)],
      formatRange(values),
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

export function formatInterval({ value, ciLow, ciHigh }: Interval): string {
  return `${toText(value)} (${toText(ciLow)} to ${toText(ciHigh)})`;
}

function formatSeeds({ values }: QualityRow): string {
  return formatRange(values.map(({ value }) => value));
}

function formatRange(all: readonly number[]): string {
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
