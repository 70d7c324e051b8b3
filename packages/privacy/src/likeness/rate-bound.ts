/** The false positive rate at which members are counted. */
export const FALSE_POSITIVES = 0.01;
/** Of an upper bound: the upper half of what a two-sided 95 % interval leaves out. */
const ERROR = 0.025;
/** Of ERROR, how much may go to a threshold that lets fewer than 1 % of strangers through; a rank needs a fixed share before data are seen. */
const RANK_ERROR = 0.01;
const STEPS = 200;

/** The rank of the held-out score that serves as threshold, from the top: P(its false positive rate < 1 %) ≤ RANK_ERROR. */
export function thresholdRank(others: number): number {
  return sureRank(others, RANK_ERROR);
}

/** The smallest rank r with P(at least r of n others above the true 1 % threshold) ≤ tail; n + 1 where no rank is so sure. */
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
 * Upper 97.5 % bound of an attack's true rate among members at 1 % false positives, when `named` of `members` score at least the
 * held-out score of `thresholdRank`. Both counts vary together and are judged in one test, not in two whose errors add up:
 *
 * the false positive rate F at the r-th of n held-out scores has the density Beta(r, n − r + 1); were the rate at 1 % as high as θ,
 * the members named would be Bin(members, g(F)) at least, with g = 0 below 1 % and θ + (F − .01)(1 − θ)/.99 from there on: past
 * 1 % the attack is no worse than naming strangers and members alike. The bound is the largest θ at which so few named members
 * have a chance above 2.5 %, and never under 1 %, which guessing reaches. Returns 1 where there are too few others for a threshold.
 */
export function rateAtMost(named: number, { members, others }: { members: number; others: number }): number {
  const rank = thresholdRank(others);
  if (rank > others || named >= members) return 1;
  const rates = falsePositives(rank, others);
  const pmfConstant = logChoose(members, named);
  const chance = (theta: number) =>
    rates.below +
    rates.grid.reduce((sum, { rate, weight }) => {
      const share = theta + ((rate - FALSE_POSITIVES) * (1 - theta)) / (1 - FALSE_POSITIVES);
      return sum + weight * atMost(named, members, share, pmfConstant);
    }, 0);
  let [low, high] = [0, 1];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (chance(middle) > ERROR) low = middle;
    else high = middle;
  }
  return Math.max(FALSE_POSITIVES, high);
}

type FalsePositives = { below: number; grid: { rate: number; weight: number }[] };

/** The distribution of the false positive rate at a rank: its mass below 1 %, and the rest on a grid of midpoints. */
function falsePositives(rank: number, others: number): FalsePositives {
  const below = massBelow(rank, others);
  const spread = Math.sqrt(rank) / others;
  const end = Math.min(1, rank / others + 10 * spread);
  const width = (end - FALSE_POSITIVES) / STEPS;
  const rates = Array.from({ length: STEPS }, (_, i) => FALSE_POSITIVES + (i + 0.5) * width);
  const logs = rates.map((rate) => (rank - 1) * Math.log(rate) + (others - rank) * Math.log1p(-rate));
  const largest = Math.max(...logs);
  const densities = logs.map((log) => Math.exp(log - largest));
  const total = densities.reduce((sum, density) => sum + density, 0);
  return {
    below,
    grid: rates.map((rate, i) => ({ rate, weight: ((1 - below) * densities[i]!) / total })),
  };
}

/** P(F < 1 %) = P(at least `rank` of the others above the true 1 % threshold). */
function massBelow(rank: number, others: number): number {
  const log = logChoose(others, rank);
  return 1 - atMost(rank - 1, others, FALSE_POSITIVES, log + Math.log(rank / (others - rank + 1)));
}

/** P(Bin(n, share) ≤ k), summed from k downwards; `logChooseK` is log C(n, k). */
function atMost(k: number, n: number, share: number, logChooseK: number): number {
  if (share >= 1) return 0;
  const spread = Math.sqrt(n * share * (1 - share));
  if (k > n * share + 12 * spread + 12) return 1;
  let term = Math.exp(logChooseK + k * Math.log(share) + (n - k) * Math.log1p(-share));
  let sum = 0;
  const odds = (1 - share) / share;
  for (let j = k; j >= 0 && (j > n * share - 12 * spread || term > 1e-18 * sum); j--) {
    sum += term;
    term *= (j / (n - j + 1)) * odds;
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  let log = 0;
  for (let j = 1; j <= k; j++) log += Math.log((n - k + j) / j);
  return log;
}
