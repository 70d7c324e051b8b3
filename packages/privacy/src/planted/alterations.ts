import type { PLANTED_KINDS } from '@synspine/audit-rules';
import { seededNormal } from '@synspine/compute';
import { compressBlocks } from './compress-blocks.ts';
import { BEYOND, type Gray, pull, type Source, soften } from './gray-image.ts';

/** An altered film, and what undoes the alteration as far as it can be undone: NaN where nothing of the film is left. */
type Altered = { image: Gray; undo: (image: Gray) => Gray };

/** Alters a film; `stranger` is another patient's, for what takes two. */
type Alter = (film: Gray, size: number, random: () => number, stranger: Gray) => Altered;

/** One way to alter films, at the strengths that are planted in turn. Names as reports have them. */
export type Alteration = { kind: (typeof PLANTED_KINDS)[number]; strengths: string; alter: readonly Alter[] };

const asItIs = (image: Gray) => image;
const sign = (random: () => number) => (random() < 0.5 ? -1 : 1);
const pick = <T>(items: readonly T[], random: () => number) => items[Math.floor(random() * items.length)]!;

type Move = { right?: number; down?: number; degrees?: number; scale?: number };

/** Where pixels come from when an image is enlarged and turned about its centre, then moved (pixels); and the way back. */
function paths({ right = 0, down = 0, degrees = 0, scale = 1 }: Move, size: number): [Source, Source] {
  const centre = (size - 1) / 2;
  const angle = (degrees / 180) * Math.PI;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const there: Source = (x, y) => {
    const [u, v] = [(x - centre - right) / scale, (y - centre - down) / scale];
    return [centre + u * cos - v * sin, centre + u * sin + v * cos];
  };
  const back: Source = (x, y) => {
    const [u, v] = [x - centre, y - centre];
    return [centre + right + scale * (u * cos + v * sin), centre + down + scale * (v * cos - u * sin)];
  };
  return [there, back];
}

function moved(film: Gray, size: number, random: () => number, move: Move): Altered {
  const [there, back] = paths(move, size);
  return {
    image: pull(film, size, there, pick(BEYOND, random)),
    undo: (image) => pull(image, size, back, 'unknown'),
  };
}

const shift =
  (share: number, isWhole: boolean): Alter =>
  (film, size, random) => {
    const reach = isWhole ? Math.max(1, Math.floor(share * size)) : share * size;
    const [across, along] = pick(
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const,
      random,
    ); // prettier-ignore
    return moved(film, size, random, {
      right: sign(random) * reach * across,
      down: sign(random) * reach * along,
    });
  };

const zoom =
  (scale: number): Alter =>
  (film, size, random) =>
    moved(film, size, random, { scale });

const turn =
  (degrees: number): Alter =>
  (film, size, random) =>
    moved(film, size, random, { degrees: sign(random) * degrees });

const level =
  (change: (gray: number) => number, back: (gray: number) => number): Alter =>
  (film) => ({ image: film.map(change), undo: (image) => image.map(back) });

const gamma = (power: number) =>
  level(
    (gray) => 255 * (gray / 255) ** power,
    (gray) => 255 * (gray / 255) ** (1 / power),
  );

const mirror: Alter = (film, size) => {
  const turned = (image: Gray) => pull(image, size, (x, y) => [size - 1 - x, y], 'border');
  return { image: turned(film), undo: turned };
};

const blur =
  (share: number): Alter =>
  (film, size) => {
    const width = 2 * Math.max(1, Math.round((share * size * 2 - 1) / 2)) + 1;
    return { image: soften(film, size, width), undo: asItIs };
  };

const noise =
  (levels: number): Alter =>
  (film, _, random) => ({ image: film.map((gray) => gray + levels * seededNormal(random)), undo: asItIs });

const jpeg =
  (quality: number): Alter =>
  (film, size) => ({
    image: Float64Array.from(compressBlocks(Float32Array.from(film), size, quality)),
    undo: asItIs,
  });

const blend =
  (share: number): Alter =>
  (film, _, __, stranger) => ({
    image: film.map((gray, at) => share * gray + (1 - share) * stranger[at]!),
    undo: asItIs,
  });

/** Bends a film by a smooth field, whose largest displacement is `share` of the side. */
const bend =
  (share: number): Alter =>
  (film, size, random) => {
    const width = 2 * Math.round(size / 8) + 1;
    const fields = [0, 1].map(() =>
      soften(
        film.map(() => seededNormal(random)),
        size,
        width,
      ),
    ); // prettier-ignore
    const largest = Math.max(...fields.flatMap((field) => [...field].map(Math.abs)));
    const [across, along] = fields.map((field) => field.map((value) => (value / largest) * share * size));
    const at = (x: number, y: number) =>
      Math.min(size - 1, Math.max(0, Math.round(y))) * size + Math.min(size - 1, Math.max(0, Math.round(x)));
    const there: Source = (x, y) => [x + across![at(x, y)]!, y + along![at(x, y)]!];
    const back: Source = (x, y) => {
      let [u, v] = [x, y];
      for (let time = 0; time < 6; time++) [u, v] = [x - across![at(u, v)]!, y - along![at(u, v)]!];
      return [u, v];
    };
    return { image: pull(film, size, there, 'border'), undo: (image) => pull(image, size, back, 'unknown') };
  };

/** One half of the film; the other is a stranger's, or flat. */
const half =
  (isFlat: boolean): Alter =>
  (film, size, random, stranger) => {
    const [isAcross, isFirst] = [random() < 0.5, random() < 0.5];
    const isKept = (at: number) => (isAcross ? at % size : Math.floor(at / size)) < size / 2 === isFirst;
    const flat = film.reduce((sum, gray) => sum + gray, 0) / film.length;
    return {
      image: film.map((gray, at) => (isKept(at) ? gray : isFlat ? flat : stranger[at]!)),
      undo: (image) => image.map((gray, at) => (isKept(at) ? gray : Number.NaN)),
    };
  };

/** All that training's augmentation does, at once: see the presets' `augment`, of which these are the widest without mirroring. */
const augmented: Alter = (film, size, random) => {
  const within = (reach: number) => (2 * random() - 1) * reach;
  const [there, back] = paths(
    {
      right: within(0.12) * size,
      down: within(0.12) * size,
      degrees: within(12),
      scale: 2 ** within(0.3),
    },
    size,
  );
  const [brighter, contrast] = [within(0.2) * 127.5, 2 ** within(0.4)];
  const expose = (gray: number) => Math.min(255, Math.max(0, 127.5 + (gray - 127.5 + brighter) * contrast));
  return {
    image: pull(film, size, there, 'border').map(expose),
    undo: (image) => pull(image, size, back, 'unknown'),
  };
};

/** What the positive control plants. Shares are of the side; strengths take turns. */
export const ALTERATIONS: readonly Alteration[] = [
  { kind: 'unchanged', strengths: '', alter: [(film) => ({ image: film, undo: asItIs })] },
  {
    kind: 'shift-whole',
    strengths: '1 pixel, 6 and 12 % of the side',
    alter: [shift(0, true), shift(0.065, true), shift(0.12, true)],
  },
  {
    kind: 'shift',
    strengths: '4, 8 and 12 % of the side',
    alter: [0.04, 0.08, 0.12].map((share) => shift(share, false)),
  },
  { kind: 'enlarged', strengths: '× 1.07, 1.15, 1.25', alter: [1.07, 1.15, 1.25].map(zoom) },
  { kind: 'shrunk', strengths: '× 0.93, 0.87, 0.8', alter: [0.93, 0.87, 0.8].map(zoom) },
  { kind: 'turned', strengths: '3, 7 and 12°', alter: [3, 7, 12].map(turn) },
  { kind: 'mirrored', strengths: '', alter: [mirror] },
  {
    kind: 'inverted',
    strengths: '',
    alter: [
      level(
        (gray) => 255 - gray,
        (gray) => 255 - gray,
      ),
    ],
  }, // prettier-ignore
  { kind: 'gamma', strengths: '0.6, 1.3, 1.7', alter: [0.6, 1.3, 1.7].map(gamma) },
  {
    kind: 'brightness',
    strengths: '−40, 20 and 40 levels',
    alter: [-40, 20, 40].map((step) => level((gray) => gray + step, asIs)),
  },
  {
    kind: 'contrast',
    strengths: '× 0.6, 1.25, 1.5',
    alter: [0.6, 1.25, 1.5].map((by) => level((gray) => 127.5 + (gray - 127.5) * by, asIs)),
  },
  { kind: 'jpeg', strengths: 'quality 90, 65, 40', alter: [90, 65, 40].map(jpeg) },
  { kind: 'blurred', strengths: 'σ 1.5, 3 and 4 % of the side', alter: [0.015, 0.03, 0.04].map(blur) },
  { kind: 'noise', strengths: 'σ 3, 6 and 10 levels', alter: [3, 6, 10].map(noise) },
  { kind: 'blended', strengths: '80, 70 and 60 % with a stranger', alter: [0.8, 0.7, 0.6].map(blend) },
  {
    kind: 'bent',
    strengths: 'up to 3, 6 and 9/256 of the side',
    alter: [3, 6, 9].map((reach) => bend(reach / 256)),
  }, // prettier-ignore
  { kind: 'half', strengths: 'beside a stranger, beside gray', alter: [half(false), half(true)] },
  { kind: 'augmented', strengths: 'as training does, all at once', alter: [augmented] },
];

function asIs(gray: number): number {
  return gray;
}

/** One of them by its kind. */
export function alterationOf(kind: string): Alteration {
  return ALTERATIONS.find((alteration) => alteration.kind === kind)!;
}
