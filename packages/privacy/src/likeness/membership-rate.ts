import type { Estimate } from '@synspine/audit-rules';
import { seededRandom } from '@synspine/compute';
import { normalQuantile, wilsonInterval } from '@synspine/metrics';
import type { Attack } from './membership-attacks.ts';
import { FALSE_POSITIVES, rateAtMost, thresholdRank } from './rate-bound.ts';

const CONFIDENCE = 0.95;
const POWER = 0.8;
const PATIENTS_MAX = 1_000_000;
const EXACT_OTHERS_MAX = 20_000; // with more, counts are as good as normal

/**
 * Test P6: how many members the best attack names when it errs on 1 % of the others. Patients count, each by its highest score.
 *
 * Few hold-outs have a 1 % to count, so both bounds go through the order statistics of the held-out scores. Upper: `rateAtMost`. It
 * isn't widened for the number of attacks: that each of them stays below the limit is shown by showing it for each at the full
 * level (an intersection-union test, Berger 1982). Lower: a false positive rate that the top held-out score surely doesn't exceed, f,
 * and ROC curves being concave, rate(1 %) ≥ rate(f)·.01/f. Its confidence is shared among the attacks (Bonferroni), since any of them
 * may be the one that exceeds by chance.
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
  const named = namedByRank(members, falling);
  const upper = rateAtMost(named, { members: members.length, others: falling.length });
  const top = wilsonInterval(countAbove(falling[0]!), members.length, confidence).ciLow;
  return {
    statistic,
    ciLow: Math.min(statistic, (top * FALSE_POSITIVES) / rateMost(falling.length, tail)),
    ciHigh: Math.max(statistic, upper),
  };
}

/**
 * Members that score at least the held-out score of `thresholdRank`; all of them where there are too few others for any. Equal scores
 * (counts have many) stand in an order drawn once: an attacker has to choose among them, too.
 */
function namedByRank(members: readonly number[], others: readonly number[]): number {
  const random = seededRandom(1);
  const drawn = (scores: readonly number[]) => scores.map((score) => ({ score, lot: random() }));
  const [strangers, trained] = [drawn(others), drawn(members)];
  strangers.sort((a, b) => b.score - a.score || b.lot - a.lot);
  const threshold = strangers[thresholdRank(others.length) - 1];
  if (!threshold) return members.length;
  return trained.filter(
    ({ score, lot }) => score > threshold.score || (score === threshold.score && lot >= threshold.lot),
  ).length;
}

/** The highest false positive rate that the top of n held-out scores may have as a threshold; 1 % at least. */
function rateMost(n: number, tail: number): number {
  return Math.max(FALSE_POSITIVES, 1 - tail ** (1 / n));
}

/**
 * How many held-out patients would bring the rate's bound to one side of the limit, should the rate among members stay; to the lower side
 * for all attacks in four of five runs, as if they were independent. Found by trial in steps of a tenth, because these bounds don't
 * shrink with a square root. `membersPerOther`: training patients per held-out one.
 */
export function patientsForRate(
  rate: number,
  limit: number,
  options: { patients: number; membersPerOther: number; attackCount: number },
): number {
  const { attackCount } = options;
  const confidence = 1 - (1 - CONFIDENCE) / attackCount;
  const tail = (1 - confidence) / 2;
  const unlucky = normalQuantile(POWER ** (1 / attackCount));
  const decided = (n: number) => {
    const members = Math.round(n * options.membersPerOther);
    if (rate > limit) {
      const { ciLow } = wilsonInterval(rate * members, members, confidence);
      return (ciLow * FALSE_POSITIVES) / rateMost(n, tail) > limit;
    }
    const honest = Math.max(rate, FALSE_POSITIVES); // a blind attack names 1 % of the members too
    const rank = n > EXACT_OTHERS_MAX ? FALSE_POSITIVES * n : thresholdRank(n);
    const share = (honest * rank) / (FALSE_POSITIVES * n);
    const highest = share + unlucky * share * Math.sqrt(1 / rank + 1 / (share * members));
    if (n > EXACT_OTHERS_MAX) return highest + (normalQuantile(0.975) / unlucky) * (highest - share) <= limit;
    const named = Math.round(Math.min(1, highest) * members);
    return rateAtMost(named, { members, others: n }) <= limit;
  };
  let n = options.patients + 1;
  while (!decided(n) && n < PATIENTS_MAX) n = Math.ceil(n * 1.1);
  return Math.min(n, PATIENTS_MAX);
}
