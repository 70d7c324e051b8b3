import { initCompute } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { blockPrecisionRecall, MetricError, selectRows } from './index.ts';
import { manifoldScores, neighbourDistances } from './manifold-scores.ts';
import { referencePairs } from './reference-sets.ts';

beforeAll(() => {
  initCompute({ threads: 1 });
});

describe.each(referencePairs())(
  'precision and recall in blocks of the $name reference pair',
  ({ real, fake }) => {
    const rows = (count: number) => Int32Array.from({ length: count }, (_, row) => row);

    it('are those of all distances at once, of unequal counts too, whatever the block', () => {
      for (const count of [fake.rows, fake.rows - 3]) {
        const part = selectRows(fake, [...rows(count)]);
        const expected = manifoldScores(neighbourDistances(real, part), { k: 3, inclusive: true });
        for (const rowsAtOnce of [7, 1_000]) {
          const { precision, recall } = blockPrecisionRecall(real, part, { rowsAtOnce });
          expect(precision).toBeCloseTo(expected.precision, 6);
          expect(recall).toBeCloseTo(expected.recall, 6);
        }
      }
    });

    it('refuse a set without enough neighbours', () => {
      expect(() => blockPrecisionRecall(real, selectRows(fake, [0, 1, 2]))).toThrow(MetricError);
    });
  },
);
