import type { Estimate } from '@synspine/audit-rules';
import { seededNormal, seededRandom } from '@synspine/compute';
import type { Features } from '@synspine/metrics';
import { describe, expect, it } from 'vitest';
import { closenessShare } from './closeness.ts';
import { closenessTable, distancesToPatients, distanceTable } from './distance-table.ts';
import { membershipAttacks } from './membership-attacks.ts';
import { membershipAuc } from './membership-auc.ts';
import { membershipRate, patientsForRate } from './membership-rate.ts';

const COLUMNS = 12;

/** Two similar vectors for each of `count` patients. */
function draw(count: number, random: () => number): Features {
  const data = new Float32Array(count * 2 * COLUMNS);
  for (let patient = 0; patient < count; patient++) {
    for (let column = 0; column < COLUMNS; column++) {
      const shared = 0.8 * seededNormal(random);
      for (const film of [2 * patient, 2 * patient + 1]) {
        data[film * COLUMNS + column] = shared + 0.6 * seededNormal(random);
      }
    }
  }
  return { data, rows: count * 2, columns: COLUMNS };
}

function estimates(members: number, others: number, random: () => number, copied = false) {
  const real = draw(members + others, random);
  const patients = Array.from({ length: real.rows }, (_, row) => `patient-${row >> 1}`);
  const fresh = draw(members, random);
  const synthetic = copied ? { ...fresh, data: real.data.slice(0, fresh.data.length) } : fresh;
  const attacks = membershipAttacks(distanceTable('test', real, synthetic), patients);
  const table = closenessTable('test', real, synthetic);
  const split = 2 * members;
  return {
    share: closenessShare(
      distancesToPatients(table, patients, 0, split),
      distancesToPatients(table, patients, split, real.rows),
      random,
    ),
    auc: membershipAuc(attacks, split, patients, random),
    rate: membershipRate(attacks, split, patients),
  };
}

describe('closeness and membership of independent images', () => {
  const runs = Array.from({ length: 20 }, (_, run) => estimates(40, 20, seededRandom(run + 1)));
  const holding = (pick: (run: (typeof runs)[number]) => Estimate, truth: number) =>
    runs.filter((run) => pick(run).ciLow <= truth && truth <= pick(run).ciHigh).length / runs.length;

  it('has intervals that hold the truth at least 9 times in 10', () => {
    expect(holding(({ share }) => share, 0.5)).toBeGreaterThanOrEqual(0.9);
    expect(holding(({ rate }) => rate, 0.01)).toBeGreaterThanOrEqual(0.9);
  });

  it('has AUC bounds on both sides of chance, though the luckiest of three attacks is reported', () => {
    const share = (holds: (auc: Estimate) => boolean) =>
      runs.filter(({ auc }) => holds(auc)).length / runs.length;
    expect(share(({ ciHigh }) => ciHigh >= 0.5)).toBeGreaterThanOrEqual(0.9);
    expect(share(({ ciLow }) => ciLow <= 0.6)).toBeGreaterThanOrEqual(0.9); // below the reference policy's limit
  });

  it('has shares whose spread is the interval’s width', () => {
    const values = runs.map(({ share }) => share.statistic);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
    );
    const width = runs.reduce((sum, { share }) => sum + (share.ciHigh - share.ciLow) / 3.92, 0) / runs.length;
    expect(width / spread).toBeGreaterThan(0.6);
    expect(width / spread).toBeLessThan(1.8);
  });
});

describe('closeness of a collapsed generator', () => {
  it('has an interval from 0 to 1: all images share one nearest patient, whose side decides', () => {
    const random = seededRandom(3);
    const real = draw(60, random);
    const patients = Array.from({ length: real.rows }, (_, row) => `patient-${row >> 1}`);
    const one = draw(1, random).data.slice(0, COLUMNS);
    const data = Float32Array.from({ length: 50 * COLUMNS }, (_, at) => one[at % COLUMNS]!);
    const table = distanceTable('test', real, { data, rows: 50, columns: COLUMNS });
    const share = closenessShare(
      distancesToPatients(table, patients, 0, 80),
      distancesToPatients(table, patients, 80, 120),
      random,
    );
    expect(share.ciLow).toBeLessThan(0.2);
    expect(share.ciHigh).toBeGreaterThan(0.8);
  });
});

describe('closeness of a generator whose images share an error', () => {
  const random = seededRandom(5);
  const real = draw(200, random);
  const patients = Array.from({ length: real.rows }, (_, row) => `patient-${row >> 1}`);
  const errors = Array.from({ length: COLUMNS }, () => 4 * seededNormal(random));
  const fresh = draw(200, random);
  const withError = (set: Features) => ({
    ...set,
    data: set.data.map((value, at) => 0.7 * value + errors[at % COLUMNS]!),
  });
  const shareBy = (tableOf: typeof distanceTable, synthetic: Features) => {
    const table = tableOf('test', real, synthetic);
    const half = real.rows / 2;
    const sides = [
      distancesToPatients(table, patients, 0, half),
      distancesToPatients(table, patients, half, real.rows),
    ] as const;
    return closenessShare(...sides, seededRandom(1));
  };
  const width = ({ ciLow, ciHigh }: Estimate) => ciHigh - ciLow;

  it('is decided by few films where plain distances are compared, and by many where aligned ones are', () => {
    const [plain, byAligned] = [distanceTable, closenessTable].map((by) => shareBy(by, withError(fresh)));
    expect(width(plain!)).toBeGreaterThan(2 * width(byAligned!));
    expect(byAligned!.ciLow).toBeLessThan(0.5);
    expect(byAligned!.ciHigh).toBeGreaterThan(0.5);
  });

  it('tells training films under the error, which plain distances don’t', () => {
    const data = fresh.data.slice();
    data.set(real.data.subarray(0, data.length * 0.3)); // three in ten
    const synthetic = withError({ ...fresh, data });
    expect(shareBy(closenessTable, synthetic).ciLow).toBeGreaterThan(0.55);
    expect(shareBy(distanceTable, synthetic).ciLow).toBeLessThan(0.55);
  });

  it.each([0, 1e-3])('is undecided where all images are one, but for noise of %f', (noise) => {
    const data = fresh.data.map((_, at) => real.data[at % COLUMNS]! + noise * seededNormal(random));
    const share = shareBy(closenessTable, { ...fresh, data });
    expect(share.ciLow).toBeLessThan(0.2);
    expect(share.ciHigh).toBe(1);
  });
});

describe('closeness and membership of exact copies', () => {
  const { share, auc, rate } = estimates(60, 60, seededRandom(4), true);

  it('is certain', () => {
    expect(share).toMatchObject({ statistic: 1, ciHigh: 1 });
    expect(share.ciLow).toBeGreaterThan(0.55);
    expect(auc.statistic).toBe(1);
    expect(auc.ciLow).toBeGreaterThan(0.9);
    expect(rate.statistic).toBe(1);
    expect(rate.ciLow).toBeGreaterThan(0.03);
  });
});

describe('the rate at 1 % false positives', () => {
  const members = Array.from({ length: 200 }, (_, row) => `m${row}`);
  const rateFor = (others: number, named: number) => {
    const patients = [...members, ...Array.from({ length: others }, (_, row) => `o${row}`)];
    const scores = Float64Array.from(patients, (_, row) =>
      row < named ? 5 : row < 200 ? -1 - row : -row / 1000,
    );
    return membershipRate([{ name: 'test', scores }], 200, patients);
  };

  it('counts members above all but 1 % of the others', () => {
    expect(rateFor(400, 20).statistic).toBe(0.1);
    expect(rateFor(400, 0).statistic).toBe(0);
  });

  it('has an upper bound that narrows on a blind attack as there are more others', () => {
    const blind = (others: number) => {
      const random = seededRandom(6);
      const patients = Array.from({ length: 1000 + others }, (_, row) => String(row));
      return membershipRate([{ name: 'test', scores: Float64Array.from(patients, random) }], 1000, patients)
        .ciHigh;
    };
    expect(blind(60)).toBeGreaterThan(0.04);
    expect(blind(20_000)).toBeLessThan(0.03);
  });

  it('has an upper bound that ties among scores don’t widen: an attacker must choose among them, too', () => {
    const random = seededRandom(8);
    const patients = Array.from({ length: 6_000 }, (_, row) => String(row));
    const fine = Float64Array.from(patients, random);
    const coarse = fine.map((score) => Math.floor(score * 20)); // a twentieth of all stand at the top
    const bound = (scores: Float64Array) =>
      membershipRate([{ name: 'test', scores }], 4_000, patients).ciHigh;
    expect(bound(fine)).toBeLessThan(0.025);
    expect(bound(coarse)).toBeLessThan(0.025);
  });

  it('has a lower bound that finds a leak with a few others, by the concavity of ROC curves', () => {
    expect(rateFor(40, 160).ciLow).toBeGreaterThan(0.03);
    expect(rateFor(40, 10).ciLow).toBeLessThan(0.03);
  });

  it('tells how many patients would decide', () => {
    const options = { patients: 40, membersPerOther: 4, attackCount: 6 };
    const blind = patientsForRate(0.01, 0.03, options);
    expect(blind).toBeGreaterThan(400);
    expect(blind).toBeLessThan(4000);
    expect(patientsForRate(0.02, 0.03, options)).toBeGreaterThan(blind);
    expect(patientsForRate(0.3, 0.03, options)).toBeLessThan(400);
    expect(patientsForRate(0.03, 0.03, options)).toBe(1_000_000);
  });
});
