/** Rows of features, and for each whether it belongs to the class. */
export type LogisticExamples = { features: Float64Array[]; isMember: boolean[] };

const STEPS = 200;
const RATE = 0.02;
const DECAY = 0.01; // L2: there are more features than films

/** Fits a logistic regression by gradient descent; both classes weigh the same. → the probability of membership */
export function fitLogistic({ features, isMember }: LogisticExamples): (row: Float64Array) => number {
  const width = features[0]!.length;
  const weights = new Float64Array(width);
  const members = isMember.filter(Boolean).length;
  const shares = isMember.map((is) => 0.5 / (is ? members : isMember.length - members));
  let bias = 0;
  const probability = (row: Float64Array) => {
    let sum = bias;
    for (let i = 0; i < width; i++) sum += weights[i]! * row[i]!;
    return 1 / (1 + Math.exp(-sum));
  };
  const slope = new Float64Array(width);
  for (let step = 0; step < STEPS; step++) {
    slope.fill(0);
    let biasSlope = 0;
    for (const [n, row] of features.entries()) {
      const error = (probability(row) - Number(isMember[n])) * shares[n]!;
      biasSlope += error;
      for (let i = 0; i < width; i++) slope[i]! += error * row[i]!;
    }
    bias -= RATE * biasSlope;
    for (let i = 0; i < width; i++) weights[i]! -= RATE * (slope[i]! + DECAY * weights[i]!);
  }
  return probability;
}
