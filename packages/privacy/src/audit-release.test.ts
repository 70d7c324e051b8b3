import { auditReport, referencePolicy, type TestKey } from '@synspine/audit-rules';
import { initCompute, seededRandom } from '@synspine/compute';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type AuditFindings, type AuditInput, auditRelease } from './audit-release.ts';
import { decideGate } from './decide-gate.ts';
import { findNearCopies } from './near-copies/near-copies.ts';
import { phantomFeatures, phantomFilms } from './phantom-films.ts';
import { ALTERATIONS, alterationOf } from './planted/alterations.ts';
import { PLANTED_EACH } from './planted/plant-copies.ts';
import { type ImageSet, type RealSet, type SampleSet, selectFilms } from './sample-set.ts';

initCompute({ threads: 1 });

const today = new Date('2026-11-30T12:00:00Z');
const train = phantomFilms(70, 1);
const heldOut = phantomFilms(70, 2);
const judgedBy = { policy: referencePolicy, imageSize: train.size };
const strangers = phantomFilms(50, 3);

function audit(synthetic: SampleSet, change: Partial<AuditInput> = {}): AuditFindings {
  return auditRelease({ train, heldOut, synthetic, seed: 1, ...change }, referencePolicy);
}

function verdictOf(findings: AuditFindings, key: TestKey) {
  return findings.tests.find((test) => test.key === key)!.verdict;
}

/** A generator that has learned its training films by heart and turns them a little. */
function disguised(films: RealSet, seed: number): SampleSet {
  const random = seededRandom(seed);
  const bytes = films.size ** 2;
  const images = new Uint8Array(films.images.length);
  films.patients.forEach((_, row) => {
    const film = Float64Array.from(films.images.subarray(row * bytes, (row + 1) * bytes));
    const [alter] = alterationOf('turned').alter;
    images.set(alter!(film, films.size, random, film).image, row * bytes);
  });
  return { images, size: films.size, features: phantomFeatures(images, films.patients.length, films.size) };
}

vi.setConfig({ testTimeout: 300_000 }); // for a machine with much else to do

describe('an audit of a generator that copies its training films', () => {
  let findings: AuditFindings;
  beforeAll(() => {
    findings = audit(disguised(train, 7));
  }, 300_000);

  it.each(['nearCopies', 'closenessNetwork', 'closenessPixels', 'membershipAuc', 'membershipRate'] as const)(
    'fails %s by itself',
    (name) => {
      expect(verdictOf(findings, name)).toBe('fail');
    },
  );

  it('ends in a rejection whatever the policy accepts', () => {
    const accept = (['closenessNetwork', 'closenessPixels', 'membershipAuc', 'membershipRate'] as const).map(
      (test) => ({ test, reason: 'whatever may come', expires: '2026-12-31' }),
    );
    expect(
      decideGate(findings, { policy: { ...referencePolicy, accept }, imageSize: train.size }, today).decision,
    ).toBe('reject');
  });

  it('finds each copy', () => {
    expect(findings.tests[1]).toMatchObject({ id: 'P1', statistic: 70, n: 70 });
  });
});

describe('an audit of images of other patients', () => {
  let findings: AuditFindings;
  beforeAll(() => {
    findings = audit(strangers);
  }, 300_000);

  it('finds the planted copies and no other', () => {
    expect(findings.tests[0]).toMatchObject({
      id: 'P0',
      verdict: 'pass',
      n: PLANTED_EACH * ALTERATIONS.length,
    });
    expect(findings.tests[0]!.statistic).toBeGreaterThanOrEqual(0.95);
    expect(findings.tests[1]).toMatchObject({ id: 'P1', verdict: 'pass', statistic: 0 });
  });

  it('fails nothing: what isn’t passed is undecided, with the patients it would take', () => {
    for (const test of findings.tests) {
      expect(test.verdict).not.toBe('fail');
      if (test.verdict === 'undecided') expect(test.patientsNeeded).toBeGreaterThan(70);
    }
    expect(decideGate(findings, judgedBy, today).decision).toBe('undecided');
  });

  it('makes a valid report without notes', () => {
    expect(auditReport.safeParse(decideGate(findings, judgedBy, today)).success).toBe(true);
    expect(findings.notes).toEqual([]);
  });

  it('is the same for the same seed, and another draw for another', () => {
    const rows = Array.from({ length: 20 }, (_, row) => row);
    const few = { train: selectFilms(train, rows), heldOut: selectFilms(heldOut, rows) };
    const once = audit(selectFilms(strangers, rows), few);
    expect(audit(selectFilms(strangers, rows), few)).toEqual(once);
    expect(audit(selectFilms(strangers, rows), { ...few, seed: 2 })).not.toEqual(once);
  });

  it('finds a single copy, also among the images that come without features', () => {
    const one = disguised(selectFilms(train, [5]), 3);
    const others = phantomFilms(10, 21);
    const confirmed = (...released: ImageSet[]) => findNearCopies({ train, heldOut, released }, 0.001);
    expect(confirmed(strangers, others)).toMatchObject({ confirmed: 0, screened: 60 });
    expect(confirmed(strangers, others, one)).toMatchObject({ confirmed: 1, screened: 61 });
    const findings = audit(strangers, { alsoReleased: [others, one] });
    expect(findings.tests[1]).toMatchObject({ verdict: 'fail', statistic: 1, n: 61 });
  });
});

describe('a hold-out with training patients under other names', () => {
  const hideIn = (count: number): RealSet => {
    const rows = Array.from({ length: count }, (_, row) => row);
    const hidden = disguised(selectFilms(train, rows), 11);
    const rest = selectFilms(
      heldOut,
      Array.from({ length: 70 - count }, (_, row) => row),
    );
    const images = Uint8Array.from([...hidden.images, ...rest.images]);
    const patients = [...rows.map((row) => `alias-${row}`), ...rest.patients];
    return { images, size: 32, patients, features: phantomFeatures(images, 70, 32) };
  };

  it('still finds copies, leaves those patients out, and says so', () => {
    const findings = audit(disguised(train, 7), { heldOut: hideIn(7) });
    expect(findings.notes).toEqual([expect.stringContaining('7 held-out patients took no part')]);
    expect(findings.tests[1]).toMatchObject({ verdict: 'fail', statistic: 70 });
    expect(findings.tests[2]).toMatchObject({ id: 'P2', patients: 63 });
  });

  it('is no hold-out when they are more than a fifth', () => {
    const findings = audit(strangers, { heldOut: hideIn(15) });
    expect(findings.faults).toHaveLength(1);
    expect(decideGate(findings, judgedBy, today).decision).toBe('reject');
  });
});

describe('sets that can’t be audited', () => {
  const broken: [string, () => AuditFindings, string][] = [
    [
      'a held-out patient in training',
      () => audit(strangers, { heldOut: { ...heldOut, patients: train.patients } }),
      'patients-overlap',
    ],
    [
      'fewer than eight held-out patients',
      () => audit(strangers, { heldOut: selectFilms(heldOut, [0, 1, 2, 3, 4, 5, 6]) }),
      'too-few-patients',
    ],
    [
      'an image too few',
      () => audit({ ...strangers, images: strangers.images.subarray(1024) }),
      'sets-unusable',
    ],
    [
      'features of NaN',
      () =>
        audit({
          ...strangers,
          features: { ...strangers.features, data: strangers.features.data.map(() => Number.NaN) },
        }),
      'sets-unusable',
    ],
    [
      'another image size',
      () => audit({ ...strangers, size: 16, images: strangers.images.subarray(0, 50 * 256) }),
      'sets-unusable',
    ],
    [
      'further images cut short',
      () => audit(strangers, { alsoReleased: [{ images: strangers.images.subarray(1), size: 32 }] }),
      'sets-unusable',
    ],
    [
      'a film without a patient',
      () => audit(strangers, { train: { ...train, patients: train.patients.slice(1) } }),
      'sets-unusable',
    ],
  ];

  it.each(broken)('are refused with a code: %s', (_name, action, code) => {
    expect(action).toThrow(expect.objectContaining({ code }));
  });
});
