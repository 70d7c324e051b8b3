import { type BenchmarkCell, CELL_WARNINGS } from '@synspine/protocol';
import { format } from '../ui/figures.tsx';
import { matrixOf } from './matrix.ts';

const ROW = 22;
const LEFT = 230;
const WIDTH = 720;
const RIGHT = 30;
const x = (auc: number) => LEFT + auc * (WIDTH - LEFT - RIGHT);

/** Each AUC with its 95 % interval on one axis from 0 to 1, chance marked at ½. */
export function ForestPlot({ cells }: { cells: BenchmarkCell[] }) {
  const { rows, columns, at } = matrixOf(cells);
  const ordered = rows.flatMap((r) => columns.flatMap((c) => at(r, c) ?? []));
  const height = (ordered.length + 2) * ROW;
  return (
    <div className="scroll">
      <svg
        className="forest"
        role="img"
        aria-label="Forest plot of the AUCs in the table above"
        viewBox={`0 0 ${WIDTH} ${height}`}
        width={WIDTH}
        height={height}
      >
        <line className="chance" x1={x(0.5)} x2={x(0.5)} y1={ROW / 2} y2={height - ROW * 1.5} />
        {ordered.map((c, i) => (
          <Row key={c.trainedOn + c.testedOn} cell={c} y={(i + 1) * ROW} />
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((t) => (
          <text key={t} x={x(t)} y={height - ROW / 2} textAnchor="middle">
            {t}
          </text>
        ))}
      </svg>
    </div>
  );
}

function Row({ cell, y }: { cell: BenchmarkCell; y: number }) {
  return (
    <g>
      <title>
        {[
          `${format(cell.auc)} (${format(cell.ciLow)}–${format(cell.ciHigh)})`,
          ...(cell.warnings ?? []).map((warning) => CELL_WARNINGS[warning]),
        ].join('; ')}
      </title>
      <text x={LEFT - 12} y={y + 4} textAnchor="end">
        {cell.warnings && '⚠ '}
        {cell.trainedOn} → {cell.testedOn}
      </text>
      <line className="interval" x1={x(cell.ciLow)} x2={x(cell.ciHigh)} y1={y} y2={y} />
      <rect className="estimate" x={x(cell.auc) - 4} y={y - 4} width={8} height={8} />
    </g>
  );
}
