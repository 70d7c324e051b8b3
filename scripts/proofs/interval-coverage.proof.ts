import { seededNormal, seededRandom } from '../../packages/compute/src/seeded-random.ts';
import {
  aucInterval,
  clusteredWilsonInterval,
  type Features,
  frechetInterval,
  kernelInterval,
  manifoldIntervals,
  normalCumulative,
  normalQuantile,
  pooledAuc,
  type SiteCounts,
  seededAuc,
  seededAucDifference,
  stratifiedAuc,
  wilsonInterval,
} from '../../packages/metrics/src/index.ts';
import { drawFilms, drawHits, type FilmPopulation } from '../../packages/metrics/src/simulated-films.ts';
import { defineProof } from './proof.ts';

type Interval = { ciLow: number; ciHigh: number; value: number };
type Group = 'AUC' | 'several sites' | 'seeds' | 'shares' | 'image scores';
/** `truth`: known from the model, or null where it is the mean of the scores over all draws. */
type Row = {
  key: string;
  what: string;
  group: Group;
  truth: number | null;
  draws: { full: number; quick: number };
  draw: (random: () => number) => Interval;
  /** May cover more than 98 %: wider than need be, never narrower. */
  isBound?: boolean;
};
type Result = { held: number; n: number; below: number; above: number; zeroWidth: number; width: number };

const AUC_DRAWS = { full: 10_000, quick: 300 };

function aucRow(key: string, what: string, population: FilmPopulation): Row {
  const draw = (random: () => number) => {
    const { scores, labels, patients } = drawFilms(population, random);
    const { auc, ...interval } = aucInterval(scores, labels, patients);
    return { ...interval, value: auc };
  };
  return { key, what, group: 'AUC', truth: population.auc, draws: AUC_DRAWS, draw };
}

const site = (
  patientsPositive: number,
  patientsNegative: number,
  auc: number,
  more = {},
): FilmPopulation => ({
  ...{ patientsPositive, patientsNegative, auc },
  ...more,
});
const films = { filmsMax: 5, correlation: 0.5 };
const aucRows = [
  aucRow('auc-30-30-95', '30/30 films, AUC .95', site(30, 30, 0.95)),
  aucRow('auc-11-18-90', '11/18 films, AUC .9', site(11, 18, 0.9)),
  aucRow('auc-12-16-98', '12/16 films, AUC .98', site(12, 16, 0.98)),
  aucRow('auc-100-100-80', '100/100 films, AUC .8', site(100, 100, 0.8)),
  aucRow(
    'auc-ties',
    '30/30 films, AUC .8, scores in steps of half a deviation',
    site(30, 30, 0.8, { steps: 2 }),
  ),
  aucRow('auc-rest', 'one class of 10 against 90 others, AUC .85', site(10, 90, 0.85)),
  aucRow('auc-films-30-30-95', '30/30 patients of 1–5 films, AUC .95', site(30, 30, 0.95, films)),
  aucRow('auc-films-11-18-90', '11/18 patients of 1–5 films, AUC .9', site(11, 18, 0.9, films)),
  aucRow('auc-films-12-16-98', '12/16 patients of 1–5 films, AUC .98', site(12, 16, 0.98, films)),
  aucRow('auc-films-100-100-80', '100/100 patients of 1–5 films, AUC .8', site(100, 100, 0.8, films)),
  aucRow(
    'auc-films-mixed',
    '30/30 patients of 1–5 films, 3 in 10 with films of both classes, AUC .8',
    site(30, 30, 0.8, { ...films, mixed: 0.3 }),
  ),
];

const SITES = [
  [30, 30],
  [20, 25],
  [25, 20],
] as const;
const SITE_AUC = 0.85;
const BINS = 256;

/** Three sites of patients with 1–5 films; each site's scores lie `shift` above those of the one before. */
function drawSites(shift: number, random: () => number): SiteCounts[] {
  const middle = normalQuantile(SITE_AUC) / Math.SQRT2 + shift;
  return SITES.map(([positives, negatives], index) => {
    const drawn = drawFilms(site(positives, negatives, SITE_AUC, films), random);
    const counts = [0, 1].map(() => new Array<number>(BINS).fill(0));
    drawn.scores.forEach((score, i) => {
      const probability = 1 / (1 + Math.exp(middle - score - index * shift));
      counts[drawn.labels[i]!]![Math.floor(probability * BINS)]! += 1;
    });
    const { designEffect } = aucInterval(drawn.scores, drawn.labels, drawn.patients);
    return { positive: counts[1]!, negative: counts[0]!, designEffect };
  });
}

/** Mean over pairs of sites of P(positive of one > negative of the other). */
function pooledTruth(shift: number): number {
  const [positives, negatives] = [0, 1].map((side) => SITES.reduce((sum, of) => sum + of[side]!, 0));
  const pairs = SITES.flatMap(([p], a) =>
    SITES.map(([, n], b) => ({ share: p * n, apart: shift * (a - b) })),
  );
  const parts = pairs.map(
    ({ share, apart }) => share * normalCumulative(normalQuantile(SITE_AUC) + apart / Math.SQRT2),
  );
  return parts.reduce((sum, part) => sum + part, 0) / (positives! * negatives!);
}

const siteRows = [0, 0.5].flatMap((shift): Row[] => {
  const where = shift === 0 ? 'alike' : 'shifted by half a deviation from site to site';
  const shared = { group: 'several sites', draws: { full: 4_000, quick: 60 } } as const;
  return [
    {
      ...shared,
      key: `stratified-${shift * 10}`,
      what: `stratified AUC of 3 sites, 1–5 films a patient, scores ${where}`,
      truth: SITE_AUC,
      draw: (random) => stratifiedAuc(drawSites(shift, random))!,
    },
    {
      ...shared,
      key: `pooled-${shift * 10}`,
      what: `pooled AUC of 3 sites, 1–5 films a patient, scores ${where}`,
      truth: pooledTruth(shift),
      draw: (random) => {
        const { auc, ...interval } = pooledAuc(drawSites(shift, random));
        return { ...interval, value: auc };
      },
    },
  ];
});

/** [generators][classifiers] of n scores: each generator moves the classes apart by its own amount, each classifier too. */
function drawNetworks(
  drawn: ReturnType<typeof drawFilms>,
  {
    shift,
    spread,
    generators,
    classifiers,
  }: { shift: number; spread: number; generators: number; classifiers: number },
  random: () => number,
): number[][][] {
  return Array.from({ length: generators }, () => {
    const ofGenerator = shift + spread * seededNormal(random);
    return Array.from({ length: classifiers }, () => {
      const own = ofGenerator + 0.7 * spread * seededNormal(random);
      return drawn.scores.map((s, i) => s + 0.5 * seededNormal(random) + drawn.labels[i]! * own);
    });
  });
}

const seededTruth = (shift: number, spread: number) =>
  normalCumulative(shift / Math.sqrt(2 * 1.25 + 1.49 * spread ** 2));

const seedRows = (
  [
    ['2 generators × 3 classifiers', 2, 0.1],
    ['2 generators × 3 classifiers that differ more', 2, 0.2],
    ['3 generators × 3 classifiers that differ more', 3, 0.2],
  ] as const
).flatMap(([name, generators, spread]): Row[] => {
  const shared = { group: 'seeds', draws: { full: 2_000, quick: 40 } } as const;
  const key = `${generators}-${spread * 10}`;
  const about = { spread, generators, classifiers: 3 };
  const test = (random: () => number) => drawFilms(site(50, 50, 0.5, { filmsMax: 3 }), random);
  return [
    {
      ...shared,
      key: `seeded-${key}`,
      what: `mean AUC of ${name} (deviation ${spread} of the films'), 50/50 patients of 1–3 films`,
      truth: seededTruth(1.5, spread),
      draw: (random) => {
        const drawn = test(random);
        return seededAuc(drawNetworks(drawn, { ...about, shift: 1.5 }, random), drawn);
      },
    },
    {
      ...shared,
      key: `difference-${key}`,
      what: `difference of the mean AUCs of two methods, each ${name} (deviation ${spread}), same films`,
      truth: seededTruth(1.8, spread) - seededTruth(1.3, spread),
      draw: (random) => {
        const drawn = test(random);
        const [a, b] = [1.8, 1.3].map((shift) => drawNetworks(drawn, { ...about, shift }, random));
        return seededAucDifference(a!, b!, drawn);
      },
    },
  ];
});

const pairedRow: Row = {
  key: 'difference-paired',
  what: 'difference of two AUCs on the same 30/30 films, .95 and .9, one network each',
  group: 'seeds',
  truth: seededTruth(2.6, 0) - seededTruth(2.03, 0),
  draws: { full: 4_000, quick: 150 },
  draw: (random) => {
    const drawn = drawFilms(site(30, 30, 0.5), random);
    const network = (shift: number) =>
      drawNetworks(drawn, { shift, spread: 0, generators: 1, classifiers: 1 }, random);
    return seededAucDifference(network(2.6), network(2.03), drawn);
  },
};

const wilsonRows = [
  [20, 0.9],
  [60, 0.97],
  [200, 0.6],
].map(
  ([n, share]): Row => ({
    key: `wilson-${n}`,
    what: `share of ${n} independent images, truth ${share} (Wilson)`,
    group: 'shares',
    truth: share!,
    draws: { full: 20_000, quick: 500 },
    draw: (random) => {
      const k = Array.from({ length: n! }, random).filter((u) => u < share!).length;
      return { value: k / n!, ...wilsonInterval(k, n!) };
    },
  }),
);

const clusteredRows = (
  [
    ['46 patients of 1–5 films, correlation .5', 46, [1, 2, 3, 4, 5], 0.9, 0.5],
    ['46 patients of 1–5 films, correlation .8', 46, [1, 2, 3, 4, 5], 0.95, 0.8],
    ['12 patients of 1–5 films, correlation .5', 12, [1, 2, 3, 4, 5], 0.8, 0.5],
    ['120 patients, one in ten of 8 films, correlation .8', 120, [8, 1, 1, 1, 1, 1, 1, 1, 1, 1], 0.9, 0.8],
    ['20 patients, one in five of 20 films, correlation .7', 20, [20, 1, 1, 1, 1], 0.8, 0.7],
  ] as const
).map(
  ([who, patients, films, share, correlation], at): Row => ({
    key: `clustered-${at}`,
    what: `share of films, truth ${share}: ${who}`,
    group: 'shares',
    truth: share,
    draws: { full: 5_000, quick: 300 },
    isBound: true,
    draw: (random) => {
      const { hits, patients: groups } = drawHits({ patients, films, share, correlation }, random);
      const value = hits.filter(Boolean).length / hits.length;
      return { value, ...clusteredWilsonInterval(hits, groups) };
    },
  }),
);

const COLUMNS = 24;
type Images = { patients: number; perPatient: number; shift: number };

/** Features with columns of falling scale; two images of a patient correlate by .64. */
function drawImages({ patients, perPatient, shift }: Images, random: () => number) {
  const rows = patients * perPatient;
  const data = new Float64Array(rows * COLUMNS);
  const groups = Array.from({ length: rows }, (_, row) => String(Math.floor(row / perPatient)));
  const shared = perPatient > 1 ? 0.8 : 0;
  for (let patient = 0; patient < patients; patient++) {
    for (let column = 0; column < COLUMNS; column++) {
      const own = seededNormal(random);
      for (let image = 0; image < perPatient; image++) {
        const value = shared * own + Math.sqrt(1 - shared ** 2) * seededNormal(random);
        const at = (patient * perPatient + image) * COLUMNS + column;
        data[at] = (value * 3) / Math.sqrt(column + 1) + (column < 5 ? shift : 0);
      }
    }
  }
  return { features: { data, rows, columns: COLUMNS } satisfies Features, groups };
}

type Score = (real: Features, fake: Features, options: { realGroups: string[]; seed: number }) => Interval;

function imageRow(score: Score, name: string, images: Images, more: Pick<Row, 'draws' | 'isBound'>): Row {
  const { patients, perPatient, shift } = images;
  return {
    key: `${name}-${patients}-${perPatient}-${shift * 10}`,
    what: `${name} of ${patients * perPatient} real images of ${patients} patients and as many synthetic ones, shift ${shift}`,
    group: 'image scores',
    truth: null,
    draw: (random) => {
      const real = drawImages({ ...images, shift: 0 }, random);
      const fake = drawImages({ patients: patients * perPatient, perPatient: 1, shift }, random);
      return score(real.features, fake.features, { realGroups: real.groups, seed: 1 });
    },
    ...more,
  };
}

const kidDraws = { full: 2_000, quick: 60 };
const slowDraws = { full: 500, quick: 15 };
const imageRows = [
  ...[0, 0.5, 1.5].map((shift) =>
    imageRow(kernelInterval, 'kid', { patients: 40, perPatient: 1, shift }, { draws: kidDraws }),
  ),
  imageRow(kernelInterval, 'kid', { patients: 20, perPatient: 3, shift: 0.5 }, { draws: kidDraws }),
  imageRow(
    frechetInterval,
    'fid',
    { patients: 40, perPatient: 1, shift: 0.5 },
    { draws: slowDraws, isBound: true },
  ),
  imageRow(
    frechetInterval,
    'fid',
    { patients: 20, perPatient: 2, shift: 0.5 },
    { draws: slowDraws, isBound: true },
  ),
  ...(['precision', 'recall', 'coverage', 'density'] as const).flatMap((name) =>
    [
      { patients: 30, perPatient: 1, shift: 0.5 },
      { patients: 30, perPatient: 1, shift: 2.5 },
      { patients: 15, perPatient: 3, shift: 0.5 },
    ].map((images) => {
      const score: Score = (...sets) => manifoldIntervals(...sets)[name];
      return imageRow(score, name, images, { draws: slowDraws, isBound: true });
    }),
  ),
];

const rows = [...aucRows, ...siteRows, ...seedRows, pairedRow, ...wilsonRows, ...clusteredRows, ...imageRows];
const [LEAST, MOST] = [0.93, 0.98];
const percent = (share: number) => (100 * share).toFixed(1);

export const proof = defineProof<Row, Result>({
  title: 'How often each interval that we print holds the truth',
  method: `Each row draws films, patients, networks or images anew from a model whose truth is known, makes the 95 % interval by the code that
prints it, and counts how often it holds the truth. Scores are normal; two films of a patient correlate by .5. For image scores the truth
is the expected score at those counts over draws of both sets, taken as the mean of all draws: bias at that n is in it. AUC: Newcombe's
method 5 with the patients' design effect. FID's, precision's, recall's, coverage's, density's and those of films of patients
who have several are bounds: they may hold the truth more often than 98 % and are then wider than need be.`,
  units: () => rows,
  run: async ({ key, truth, draws, draw }, { size }) => {
    const random = seededRandom([...key].reduce((seed, letter) => 31 * seed + letter.charCodeAt(0), 7));
    const drawn = Array.from({ length: draws[size] }, () => draw(random));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const target = truth ?? mean(drawn.map(({ value }) => value));
    const [below, above] = [
      drawn.filter(({ ciHigh }) => ciHigh < target).length,
      drawn.filter(({ ciLow }) => ciLow > target).length,
    ];
    const widths = drawn.map(({ ciLow, ciHigh }) => ciHigh - ciLow);
    const zeroWidth = widths.filter((width) => width <= 0).length;
    const n = drawn.length;
    return { held: n - below - above, n, below, above, zeroWidth, width: mean(widths) };
  },
  report: (results, size) => {
    const byKey = new Map(results.map(({ unit, result }) => [unit.key, result]));
    const lines = rows.map((row) => ({ row, ...byKey.get(row.key)! }));
    const zero = lines.reduce((sum, { zeroWidth }) => sum + zeroWidth, 0);
    const draws = lines.reduce((sum, { n }) => sum + n, 0);
    return {
      claims: [
        ...lines.map(({ row, held, n }) => ({
          text: `${row.what}: ${row.isBound ? 'at least 93 %' : '93–98 %'}`,
          measured: `${percent(held / n)} % of ${n}`,
          holds: isAsClaimed(held, n, row.isBound ? 1 : MOST, size),
        })),
        { text: 'no interval has zero width', measured: `${zero} of ${draws}`, holds: zero === 0 },
      ],
      tables: [...new Set(rows.map(({ group }) => group))].map((group) => ({
        title: group,
        head: [
          'interval of',
          'holds the truth',
          'its own 95 % interval',
          'too low',
          'too high',
          'draws',
          'mean width',
        ],
        rows: lines
          .filter(({ row }) => row.group === group)
          .map(({ row, held, n, below, above, width }) => {
            const { ciLow, ciHigh } = wilsonInterval(held, n);
            const share = `${percent(held / n)} %`;
            const range = `${percent(ciLow)}–${percent(ciHigh)}`;
            return [row.what, share, range, `${below}`, `${above}`, `${n}`, width.toPrecision(3)];
          }),
      })),
    };
  },
});

/** The measured share itself with many draws; with few, unless chance alone can't explain the gap (99.9 %). */
function isAsClaimed(held: number, n: number, most: number, size: 'full' | 'quick'): boolean {
  if (size === 'full') return held / n >= LEAST && held / n <= most;
  const { ciLow, ciHigh } = wilsonInterval(held, n, 0.999);
  return ciHigh >= LEAST && ciLow <= most;
}
