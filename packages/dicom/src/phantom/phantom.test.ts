import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TAGS } from '../dataset/tags.ts';
import { type Film, readFilm } from '../read-film.ts';
import { isRefusal, type Refusal } from '../refusals.ts';
import { toTrainingImage } from '../training-image.ts';
import { FINDINGS, labelOf } from './findings.ts';
import { describePhantom } from './phantom-dicom.ts';
import { renderPhantom } from './render-phantom.ts';
import { writePhantomSite } from './write-phantom-site.ts';

const options = { seed: 'film 1', finding: 'Osteophytes', view: 'AP', size: 256 } as const;

describe('a phantom', () => {
  it('is the same for the same seed and another for another', () => {
    const [a, b, c] = [options, options, { ...options, seed: 'film 2' }].map(renderPhantom);
    expect(a).toEqual(b);
    expect(a!.pixels).not.toEqual(c!.pixels);
  });

  it.each(FINDINGS.flatMap((finding) => (['AP', 'LAT'] as const).map((view) => ({ finding, view }))))(
    'uses the range from black to white: $finding, $view',
    ({ finding, view }) => {
      const { rows, columns, pixels } = renderPhantom({ ...options, finding, view });
      expect(pixels).toHaveLength(rows * columns);
      expect(Math.min(rows, columns)).toBeGreaterThanOrEqual(128);
      const sorted = Float32Array.from(pixels).sort();
      expect(sorted[0]).toBeGreaterThanOrEqual(0);
      expect(sorted.at(-1)).toBeLessThanOrEqual(1);
      expect(sorted.at(-1)! - sorted[0]!).toBeGreaterThan(0.5);
    },
  );

  it('is more alike among films of one patient than among patients', () => {
    const draw = (seed: string, patientSeed: string) =>
      renderPhantom({ ...options, finding: 'No finding', seed, patientSeed, look: { noise: 0 } });
    const distance = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
    // The collimation differs from film to film, so the middle column of each is compared.
    const middle = ({ pixels, rows, columns }: ReturnType<typeof renderPhantom>) =>
      Float32Array.from({ length: rows }, (_, y) => pixels[y * columns + (columns >> 1)]!);
    let [same, other] = [0, 0];
    for (let i = 0; i < 12; i++) {
      const first = middle(draw(`${i}a`, `patient ${i}`));
      same += distance(first, middle(draw(`${i}b`, `patient ${i}`)));
      other += distance(first, middle(draw(`${i}b`, `patient ${i + 1}`)));
    }
    expect(same).toBeLessThan(other);
  });
});

describe('a patient at 32 pixels', () => {
  const draw = (patientSeed: string, film: number, view: 'AP' | 'LAT') => {
    const seed = `${patientSeed}/${film}`;
    const phantom = renderPhantom({ seed, patientSeed, finding: 'No finding', view, size: 256 });
    const pixels = Uint8Array.from(phantom.pixels, (value) => Math.round(255 * value));
    return toTrainingImage({ ...phantom, pixels }, { size: 32, fit: 'squeeze' });
  };

  // Stands for what tells a copy from a look-alike: the correlation of local contrast, whatever the pose.
  it.each(['AP', 'LAT'] as const)(
    'is told from strangers by soft tissue, not by the pose: %s',
    async (view) => {
      const firsts = await Promise.all(Array.from({ length: 24 }, (_, i) => draw(`patient ${i}`, 1, view)));
      const again = await Promise.all(Array.from({ length: 24 }, (_, i) => draw(`patient ${i}`, 2, view)));
      const own = firsts.map((film, i) => bestCorrelation(film, again[i]!));
      const strangers = firsts.map((film, i) =>
        Math.max(...firsts.map((other, k) => (k === i ? -1 : bestCorrelation(film, other)))),
      );
      expect(own.filter((value, i) => value > strangers[i]! + 0.05).length).toBeGreaterThanOrEqual(23);
      expect(median(strangers)).toBeLessThan(0.78);
      expect(median(own)).toBeGreaterThan(0.85);
    },
  );
});

describe('a phantom site', () => {
  const dirs: string[] = [];
  const makeDir = () => {
    dirs.push(mkdtempSync(join(tmpdir(), 'phantom-site-')));
    return dirs.at(-1)!;
  };
  const films: Film[] = [];
  const refused: Refusal[] = [];
  let labels: Map<string, string[]>;
  let written: Awaited<ReturnType<typeof writePhantomSite>>;

  beforeAll(async () => {
    const dir = makeDir();
    written = await writePhantomSite(dir, { site: 'oak', patients: 110, seed: 'test', size: 256 });
    const [, ...rows] = readFileSync(join(dir, 'labels.csv'), 'utf8').trim().split('\n');
    labels = new Map(rows.map((row) => [row.split(',')[0]!, row.split(',')]));
    for (const name of readdirSync(join(dir, 'dicom'))) {
      const result = await readFilm(readFileSync(join(dir, 'dicom', name)));
      if (isRefusal(result)) refused.push(result);
      else films.push(result);
    }
  });
  afterAll(() => {
    for (const dir of dirs) rmSync(dir, { recursive: true });
  });

  it('holds the films that it counts, and three that are refused for different reasons', () => {
    expect(films).toHaveLength(written.films);
    expect(written.broken).toBe(3);
    expect(refused.map(({ code }) => code).sort()).toEqual(['NO_PIXEL_DATA', 'TOO_SMALL', 'TRUNCATED']);
    expect(labels.size).toBe(written.films + written.broken);
  });

  it('labels each film by its finding, about 45 % abnormal, all findings present', () => {
    const rows = films.map(({ sopInstanceUid }) => labels.get(sopInstanceUid)!);
    for (const row of rows) expect(row[3]).toBe(labelOf(row[4] as never));
    expect(new Set(rows.map((row) => row[4]))).toEqual(new Set(FINDINGS));
    const share = rows.filter((row) => row[3] === 'abnormal').length / rows.length;
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.55);
  });

  it('has patients with several films, frontal and lateral, in more than one compression', () => {
    const patients = new Set(films.map(({ patientId }) => patientId));
    expect(patients.size).toBe(110);
    expect(films.length).toBeGreaterThan(130);
    expect(new Set(films.map(({ view }) => view))).toEqual(new Set(['AP', 'LATERAL']));
    expect(new Set(films.map(({ transferSyntax }) => transferSyntax)).size).toBe(2);
    expect(new Set(films.map(({ pixelSha256 }) => pixelSha256)).size).toBe(films.length);
  });

  it('shows its findings to a linear probe at 32 pixels, on patients that the probe has not seen', async () => {
    const images = await Promise.all(
      films.map((film) => toTrainingImage(film, { size: 32, fit: 'squeeze' })),
    );
    const examples = films.map((film, i) => ({
      image: Array.from(images[i]!, (value) => value / 255),
      target: labels.get(film.sopInstanceUid)![3] === 'abnormal' ? 1 : -1,
      isTest: Number(film.patientId!.slice(-5)) % 4 === 0,
    }));
    const score = fitRidge(
      examples.filter(({ isTest }) => !isTest),
      3,
    );
    const tested = examples.filter(({ isTest }) => isTest);
    expect(areaUnderCurve(tested.map(({ image, target }) => [score(image), target]))).toBeGreaterThan(0.9);
  });

  it('writes the same bytes for the same options', async () => {
    const [a, b] = [makeDir(), makeDir()];
    for (const dir of [a, b]) await writePhantomSite(dir, { site: 'elm', patients: 3, seed: 's', size: 256 });
    for (const name of readdirSync(join(a, 'dicom'))) {
      expect(readFileSync(join(a, 'dicom', name)).equals(readFileSync(join(b, 'dicom', name)))).toBe(true);
    }
  });

  it('has one view only when that is asked for', async () => {
    const dir = makeDir();
    await writePhantomSite(dir, { site: 'ash', patients: 6, seed: 's', size: 256, view: 'LAT' });
    const files = readdirSync(join(dir, 'dicom')).map((name) => readFileSync(join(dir, 'dicom', name)));
    const films = (await Promise.all(files.map((bytes) => readFilm(bytes)))).filter((film) => film.ok);
    expect(new Set(films.map(({ view }) => view))).toEqual(new Set(['LATERAL']));
  });

  it('looks different from other sites: its gray or its noise, and its way of storing', async () => {
    const sites = await Promise.all(['oak', 'maple', 'cedar'].map((site) => describeSite(makeDir(), site)));
    for (const [a, b] of [[0, 1] as const, [0, 2] as const, [1, 2] as const]) {
      const gray = Math.abs(sites[a]!.gray - sites[b]!.gray);
      const grain = Math.abs(Math.log(sites[a]!.grain / sites[b]!.grain));
      expect(gray > 0.04 || grain > 0.15, `gray differs by ${gray}, grain by a factor e^${grain}`).toBe(true);
    }
    expect(new Set(sites.map(({ storage }) => storage)).size).toBe(2);
  });
});

/** Mean gray of a site's readable films, how much neighbouring pixels differ, and its kind of equipment. */
async function describeSite(dir: string, site: string) {
  await writePhantomSite(dir, { site, patients: 4, seed: 's', size: 256, abnormalShare: 0 });
  const files = readdirSync(join(dir, 'dicom')).map((name) => readFileSync(join(dir, 'dicom', name)));
  const films = (await Promise.all(files.map((bytes) => readFilm(bytes)))).filter((film) => film.ok);
  const mean = (pixels: Uint8Array) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length / 255;
  const grays = films.map(({ pixels }) => mean(pixels));
  const gray = grays.reduce((sum, value) => sum + value, 0) / grays.length;
  const grain = median(films.map(({ pixels }) => median(differences(pixels))));
  return { gray, grain, storage: films[0]!.modality };
}

/** From each seventh pixel to the next. */
function differences(pixels: Uint8Array): number[] {
  const count = Math.floor((pixels.length - 1) / 7);
  return Array.from({ length: count }, (_, i) => Math.abs(pixels[7 * i + 1]! - pixels[7 * i]!) / 255);
}

it('every identifying tag of a phantom holds the canary', () => {
  const identity = { site: 'oak', patient: 7, study: 1, film: 1, view: 'AP' } as const;
  const format = {
    modality: 'CR',
    bitsStored: 8,
    photometric: 'MONOCHROME2',
    windowed: false,
    offset: 0,
  } as const;
  // Free text of these groups that names no one: dates, sex, body part, view, UIDs, codes and the maker of the device.
  const harmless = new Set<number>([
    ...[0x00080016, TAGS.sopInstanceUid, 0x00080020, TAGS.modality, 0x00080070, 0x00100030],
    ...[TAGS.bodyPart, TAGS.viewPosition, TAGS.studyInstanceUid, 0x0020000e, 0x00200013],
  ]);
  const identifying = describePhantom(identity, format).filter(({ tag }) => !harmless.has(tag));
  expect(identifying.length).toBeGreaterThan(10);
  for (const { tag, vr, value } of identifying) {
    expect(value, tag.toString(16)).toContain('ZZCANARY');
    if (vr === 'SH') expect((value as string).length).toBeLessThanOrEqual(16);
  }
});

/** Correlation of two films' local contrast in the best of nine shifts, borders aside. */
function bestCorrelation(a: Uint8Array, b: Uint8Array): number {
  const shifts = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [dx, dy] as const));
  const fixed = localContrast(a, 0, 0);
  return Math.max(...shifts.map(([dx, dy]) => correlation(fixed, localContrast(b, dx, dy))));
}

/** Each pixel less the mean of the 7 × 7 around it. */
function localContrast(image: Uint8Array, dx: number, dy: number): number[] {
  const at = (x: number, y: number) => image[y * 32 + x]!;
  return Array.from({ length: 22 * 22 }, (_, i) => {
    const [x, y] = [5 + (i % 22) + dx, 5 + Math.floor(i / 22) + dy];
    let sum = 0;
    for (let v = -3; v <= 3; v++) for (let u = -3; u <= 3; u++) sum += at(x + u, y + v);
    return at(x, y) - sum / 49;
  });
}

function correlation(a: number[], b: number[]): number {
  const dot = (p: number[], q: number[]) => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function median(values: number[]): number {
  return values.toSorted((p, q) => p - q)[values.length >> 1]!;
}

type Example = { image: number[]; target: number };

/** Ridge regression in its dual form: as many unknowns as films, which are fewer than pixels. */
function fitRidge(examples: Example[], penalty: number): (image: number[]) => number {
  const mean = examples[0]!.image.map(
    (_, j) => examples.reduce((sum, e) => sum + e.image[j]!, 0) / examples.length,
  );
  const rows = examples.map(({ image }) => image.map((value, j) => value - mean[j]!));
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, j) => sum + value * b[j]!, 0);
  const system = rows.map((a, i) => [
    ...rows.map((b, k) => dot(a, b) + (i === k ? penalty : 0)),
    examples[i]!.target,
  ]);
  const weights = solve(system);
  const direction = mean.map((_, j) => rows.reduce((sum, row, i) => sum + row[j]! * weights[i]!, 0));
  return (image) => dot(image, direction);
}

/** Gaussian elimination; the matrix is positive definite, so no pivoting is needed. */
function solve(system: number[][]): number[] {
  const n = system.length;
  for (let i = 0; i < n; i++) {
    for (let k = i + 1; k < n; k++) {
      const factor = system[k]![i]! / system[i]![i]!;
      for (let j = i; j <= n; j++) system[k]![j] = system[k]![j]! - factor * system[i]![j]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    const rest = system[i]!.slice(i + 1, n).reduce((sum, value, j) => sum + value * x[i + 1 + j]!, 0);
    x[i] = (system[i]![n]! - rest) / system[i]![i]!;
  }
  return x;
}

function areaUnderCurve(scored: number[][]): number {
  const [positives, negatives] = [1, -1].map((target) =>
    scored.filter((s) => s[1] === target).map((s) => s[0]!),
  );
  const wins = positives!.flatMap((p) => negatives!.map((n): number => (p > n ? 1 : p === n ? 0.5 : 0)));
  return wins.reduce((sum, win) => sum + win, 0) / wins.length;
}
