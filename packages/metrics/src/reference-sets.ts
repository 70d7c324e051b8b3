import { readFileSync } from 'node:fs';
import { seededRandom } from '@synspine/compute';
import type { Features } from './features.ts';

/** The sets that reference/values.py scored with scipy: sums of three uniform numbers, columns of falling scale. */
export function referenceSet(seed: number, rows: number, columns: number, shift: number): Features {
  const random = seededRandom(seed);
  const data = new Float64Array(rows * columns);
  for (let index = 0; index < data.length; index++) {
    const sum = random() + random() + random() - 1.5;
    data[index] = (sum * 4) / (1 + (index % columns) / 8) + shift;
  }
  return { data, rows, columns };
}

const setNames = ['tall', 'wide', 'equal', 'single'] as const;

export type ReferenceScores = {
  real: number;
  fake: number;
  columns: number;
  fid: number;
  kid: number;
  inclusive3: Record<string, number>;
  strict5: Record<string, number>;
};

/** Each reference pair with scipy's scores of it. */
export function referencePairs(): {
  name: string;
  real: Features;
  fake: Features;
  expected: ReferenceScores;
}[] {
  const values = referenceValues();
  return setNames.map((name, index) => {
    const expected = values[name] as ReferenceScores;
    return {
      name,
      real: referenceSet(100 + index, expected.real, expected.columns, 0),
      fake: referenceSet(200 + index, expected.fake, expected.columns, 0.1),
      expected,
    };
  });
}

export function referenceValues(): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL('../reference/values.json', import.meta.url), 'utf8'));
}
