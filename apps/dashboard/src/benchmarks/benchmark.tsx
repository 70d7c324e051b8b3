import { type BenchmarkCell, type CellNote, notesOf, ONE_GENERATOR } from '@synspine/protocol';
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
                Stratified: the mean of the sites’ own AUCs, by the pairs of films that each can compare.
                Pooled: all films in one heap, where a positive film of one site is also compared with
                negative ones of others. A site with too few held-out films of a class tells no AUC of its own
                (–); its counts are in the pooled column. Intervals are 95 %, by patient.
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

export function Matrix({ cells }: { cells: BenchmarkCell[] }) {
  const { rows, columns, at } = matrixOf(cells);
  const notes = notesOf(cells);
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
                <Cell key={c} cell={at(r, c)} notes={notes} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {notes.map(({ mark, cells: marked, words }) => (
        <p key={mark} className="note" role="note">
          ⚠ <sup>{mark}</sup> {marked.join(', ')}: {words}.
        </p>
      ))}
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

function Cell({ cell, notes }: { cell: BenchmarkCell | undefined; notes: CellNote[] }) {
  if (!cell) return <td className="number quiet">–</td>;
  const marks = notes
    .filter(({ warning }) => cell.warnings?.includes(warning))
    .map(({ mark }) => mark)
    .join(' ');
  return (
    <td className="number">
      <Figure value={cell.auc} ciLow={cell.ciLow} ciHigh={cell.ciHigh} title={titleOf(cell)} />
      {marks && <sup> ⚠ {marks}</sup>}
      <small className="floor">
        {cell.nPositive} + {cell.nNegative} films
      </small>
    </td>
  );
}
