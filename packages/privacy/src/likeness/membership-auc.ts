import type { Estimate } from '@synspine/audit-rules';
import { centredInterval } from './centred-interval.ts';
import type { Attack } from './membership-attacks.ts';

const REPEATS = 300;

/**
 * Test P6: the AUC of the best attack at telling members (the first `memberCount` films) from held-out films. The interval is a
 * bootstrap over patients of both sides in which the best attack is chosen anew each time.
 */
export function membershipAuc(
  attacks: readonly Attack[],
  memberCount: number,
  patients: readonly string[],
  random: () => number,
): Estimate {
  const rankings = attacks.map(({ scores }) => rankingOf(scores));
  const members = filmsByPatient(patients.slice(0, memberCount), 0);
  const others = filmsByPatient(patients.slice(memberCount), memberCount);
  const best = (weights: ArrayLike<number>) =>
    Math.max(...rankings.map((ranking) => weightedAuc(ranking, weights, memberCount)));
  const draws = Array.from({ length: REPEATS }, () => {
    const weights = new Uint16Array(patients.length);
    for (const side of [members, others]) drawPatients(side, weights, random);
    return best(weights);
  });
  return centredInterval(best(new Uint8Array(patients.length).fill(1)), draws, 0, 1);
}

function filmsByPatient(patients: readonly string[], offset: number): number[][] {
  const films = new Map<string, number[]>();
  patients.forEach((patient, index) => {
    films.set(patient, [...(films.get(patient) ?? []), offset + index]);
  });
  return [...films.values()];
}

function drawPatients(side: readonly number[][], weights: Uint16Array, random: () => number): void {
  for (let draw = 0; draw < side.length; draw++) {
    for (const film of side[Math.floor(random() * side.length)]!) weights[film]! += 1;
  }
}

/** Films by falling score, those of equal score together. */
type Ranking = number[][];

function rankingOf(scores: Float64Array): Ranking {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const ranking: Ranking = [];
  order.forEach((film, position) => {
    const tied = position > 0 && scores[order[position - 1]!] === scores[film];
    if (tied) ranking.at(-1)!.push(film);
    else ranking.push([film]);
  });
  return ranking;
}

function weightedAuc(ranking: Ranking, weights: ArrayLike<number>, memberCount: number): number {
  let [membersAbove, others, wins] = [0, 0, 0];
  for (const tied of ranking) {
    let [membersHere, othersHere] = [0, 0];
    for (const film of tied) {
      if (film < memberCount) membersHere += weights[film]!;
      else othersHere += weights[film]!;
    }
    wins += othersHere * (membersAbove + membersHere / 2);
    membersAbove += membersHere;
    others += othersHere;
  }
  return wins / (membersAbove * others);
}
