import type { Estimate } from '@synspine/audit-rules';
import { wilsonInterval } from '@synspine/metrics';
import type { Attack } from './membership-attacks.ts';

const FALSE_POSITIVES = 0.01;
const CONFIDENCE = 0.95;
const PATIENTS_MAX = 1_000_000;

/**
 * Test P6: how many members the best attack names when it errs on 1 % of the others. Patients count, each by its highest score.
 *
 * Few hold-outs have a 1 % to count, so both bounds go through the order statistics of the held-out scores. Upper: at the held-out
 * rank whose false positive rate is ≥ 1 % with confidence, the rate among members is at least as high as wanted. Lower: a false
 * positive rate that the top held-out score surely doesn't exceed, f, and ROC curves being concave, rate(1 %) ≥ rate(f)·.01/f.
 * The confidence is shared among the attacks (Bonferroni), as the worst of them is reported.
 */
export function membershipRate(
  attacks: readonly Attack[],
  memberCount: number,
  patients: readonly string[],
): Estimate {
  const confidence = 1 - (1 - CONFIDENCE) / attacks.length;
  const estimates = attacks.map(({ scores }) => {
    const members = patientScores(scores, patients, 0, memberCount);
    const others = patientScores(scores, patients, memberCount, patients.length);
    return rateOf(members, others, confidence);
  });
  return {
    statistic: Math.max(...estimates.map(({ statistic }) => statistic)),
    ciLow: Math.max(...estimates.map(({ ciLow }) => ciLow)),
    ciHigh: Math.max(...estimates.map(({ ciHigh }) => ciHigh)),
  };
}

function patientScores(
  scores: Float64Array,
  patients: readonly string[],
  from: number,
  to: number,
): number[] {
  const highest = new Map<string, number>();
  for (let film = from; film < to; film++) {
    const patient = patients[film]!;
    highest.set(patient, Math.max(scores[film]!, highest.get(patient) ?? Number.NEGATIVE_INFINITY));
  }
  return [...highest.values()];
}

function rateOf(members: readonly number[], others: readonly number[], confidence: number): Estimate {
  const falling = [...others].sort((a, b) => b - a);
  const tail = (1 - confidence) / 2;
  const countAbove = (threshold: number) => members.filter((score) => score > threshold).length;
  const allowed = Math.floor(FALSE_POSITIVES * falling.length); // others that may score above the threshold
  const statistic = countAbove(falling[allowed]!) / members.length;
  const rank = sureRank(falling.length, tail);
  const threshold = falling[rank - 1] ?? Number.NEGATIVE_INFINITY; // too few others for any threshold: all members may be named
  const reached = members.filter((score) => score >= threshold).length;
  const upper = wilsonInterval(reached, members.length, confidence).ciHigh;
  const top = wilsonInterval(countAbove(falling[0]!), members.length, confidence).ciLow;
  return {
    statistic,
    ciLow: Math.min(statistic, (top * FALSE_POSITIVES) / rateMost(falling.length, tail)),
    ciHigh: Math.max(statistic, upper),
  };
}

/** The highest false positive rate that the top of n held-out scores may have as a threshold; 1 % at least. */
function rateMost(n: number, tail: number): number {
  return Math.max(FALSE_POSITIVES, 1 - tail ** (1 / n));
}

/** The smallest rank r with P(at least r of n others above the true 1 % threshold) ≤ tail. */
function sureRank(n: number, tail: number): number {
  let exactly = (1 - FALSE_POSITIVES) ** n; // P(0 above)
  let remaining = 1 - exactly;
  let rank = 1;
  while (remaining > tail && rank <= n) {
    exactly *= ((n - rank + 1) / rank) * (FALSE_POSITIVES / (1 - FALSE_POSITIVES));
    remaining -= exactly;
    rank += 1;
  }
  return rank;
}

/**
 * How many held-out patients would bring the rate's bound to one side of the limit, should the rate among members stay. Found by trial
 * in steps of a tenth, because these bounds don't shrink with a square root. `membersPerOther`: training patients per held-out one.
 */
export function patientsForRate(
  rate: number,
  limit: number,
  options: { patients: number; membersPerOther: number; attackCount: number },
): number {
  const confidence = 1 - (1 - CONFIDENCE) / options.attackCount;
  const tail = (1 - confidence) / 2;
  const decided = (n: number) => {
    const members = n * options.membersPerOther;
    if (rate > limit) {
      const { ciLow } = wilsonInterval(rate * members, members, confidence);
      return (ciLow * FALSE_POSITIVES) / rateMost(n, tail) > limit;
    }
    const honest = Math.max(rate, FALSE_POSITIVES); // a blind attack names 1 % of the members too
    const reached = Math.min(1, (honest * sureRank(n, tail)) / (FALSE_POSITIVES * n));
    return wilsonInterval(reached * members, members, confidence).ciHigh <= limit;
  };
  let n = options.patients + 1;
  while (!decided(n) && n < PATIENTS_MAX) n = Math.ceil(n * 1.1);
  return Math.min(n, PATIENTS_MAX);
}
