import { type BenchmarkCell, ONE_GENERATOR } from '@synspine/protocol';
import { useQuery } from '@tanstack/react-query';
import type { Session } from '../session/session.ts';
import { Figure } from '../ui/figures.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { ForestPlot } from './forest-plot.tsx';
import { describeSeeds, matrixOf, sitesWithoutComparison } from './matrix.ts';

const REFRESH_MS = 10_000;

/** AUC of classifiers trained on each data set, scored inside the hospitals on real held-out films. */
export function Benchmark({ session }: { session: Session }) {
  const query = useQuery({
    queryKey: ['results'],
    queryFn: () => session.client.call('getResults', {}),
    refetchInterval: REFRESH_MS,
  });
  return (
    <section aria-labelledby="benchmark">
      <h2 id="benchmark">Benchmark: AUC on real held-out patients</h2>
      <QueryState query={query} session={session} what="results">
        {({ cells, updatedAt }) =>
          cells.length === 0 ? (
            <p>No result yet: the benchmark needs a published data set and an answer from its sites.</p>
          ) : (
            <>
              <Matrix cells={cells} />
              <p className="quiet">
                A site with too few held-out films of a class tells no AUC of its own (–); its counts are in
                the pooled column.
              </p>
              <Notes cells={cells} />
              <ForestPlot cells={cells} />
              {updatedAt && <p className="quiet">Updated {new Date(updatedAt).toLocaleString()}</p>}
            </>
          )
        }
      </QueryState>
    </section>
  );
}

function Matrix({ cells }: { cells: BenchmarkCell[] }) {
  const { rows, columns, at } = matrixOf(cells);
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Trained on ↓ tested on →</th>
            {columns.map((c) => (
              <th key={c} scope="col" className="number">
                {c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r}>
              <th scope="row">{r}</th>
              {columns.map((c) => (
                <Cell key={c} cell={at(r, c)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a reader must know before comparing cells. */
function Notes({ cells }: { cells: BenchmarkCell[] }) {
  const alone = sitesWithoutComparison(cells);
  const isSingle = cells.some((cell) => cell.generators === 1);
  return (
    <>
      {alone.length > 0 && (
        <p className="quiet">
          No comparison with real films at {alone.join(', ')}: the site has told no AUC of classifiers that
          were trained as those beside it.
        </p>
      )}
      {isSingle && <p className="quiet">{ONE_GENERATOR}</p>}
    </>
  );
}

function titleOf(cell: BenchmarkCell): string {
  const learnt = cell.nTraining === undefined ? '' : `; ${cell.nTraining} training images`;
  return `${describeSeeds(cell)}${learnt}${cell.training ? `; ${cell.training}` : ''}`;
}

function Cell({ cell }: { cell: BenchmarkCell | undefined }) {
  if (!cell) return <td className="number quiet">–</td>;
  return (
    <td className="number">
      <Figure value={cell.auc} ciLow={cell.ciLow} ciHigh={cell.ciHigh} title={titleOf(cell)} />
      <small className="floor">
        {cell.nPositive} + {cell.nNegative} films
      </small>
    </td>
  );
}
