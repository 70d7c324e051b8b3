import type { TrainingCurve as Curve } from '@synspine/protocol';
import { format } from '../ui/figures.tsx';

const METRICS = ['fid', 'kid', 'precision', 'recall'] as const;
const NAMES = { fid: 'FID', kid: 'KID', precision: 'Precision', recall: 'Recall' } as const;
const SHARES: readonly string[] = ['precision', 'recall'];
const WIDTH = 300;
const HEIGHT = 120;
const EDGE = { left: 44, right: 12, top: 10, bottom: 22 };

/** FID, KID, precision and recall against images shown, one small chart each, on the site's validation films. */
export function TrainingCurve({ curve }: { curve: Curve }) {
  return (
    <>
      <h3>Quality along the training</h3>
      <p>
        {curve.n} synthetic images and {curve.n} validation films at each point, <code>{curve.protocol}</code>
        , without intervals. These films also choose the snapshot.
      </p>
      <div className="columns">
        {METRICS.map((metric) => (
          <Chart key={metric} curve={curve} metric={metric} />
        ))}
      </div>
    </>
  );
}

function Chart({ curve: { points }, metric }: { curve: Curve; metric: (typeof METRICS)[number] }) {
  const { x, y, low, high } = scalesOf(points, metric);
  const line = points.map((point) => `${x(point.imagesShown)},${y(point[metric])}`).join(' ');
  const last = points.at(-1)!;
  return (
    <figure>
      <figcaption>{NAMES[metric]}</figcaption>
      <svg
        className="curve"
        role="img"
        aria-label={`${NAMES[metric]} from ${format(points[0]!.imagesShown)} to ${format(last.imagesShown)} images shown, last ${format(last[metric])}`}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
      >
        {[low, high].map((value) => (
          <text key={value} x={EDGE.left - 6} y={y(value) + 4} textAnchor="end">
            {format(value)}
          </text>
        ))}
        <polyline className="interval" fill="none" points={line} />
        {points.map((point) => (
          <circle
            key={point.imagesShown}
            className="estimate"
            cx={x(point.imagesShown)}
            cy={y(point[metric])}
            r={3}
          >
            <title>{`${point.imagesShown} images: ${format(point[metric])}`}</title>
          </circle>
        ))}
        <text x={x(last.imagesShown)} y={HEIGHT - 5} textAnchor="end">
          {last.imagesShown} images
        </text>
      </svg>
    </figure>
  );
}

/** Images from 0; a share from 0 to 1, any other figure from 0 (or below) to its largest value. */
export function scalesOf(points: Curve['points'], metric: (typeof METRICS)[number]) {
  const values = points.map((point) => point[metric]);
  const low = Math.min(0, ...values);
  const high = SHARES.includes(metric) ? 1 : Math.max(...values, low + Number.EPSILON);
  const images = Math.max(1, points.at(-1)!.imagesShown);
  const [width, height] = [WIDTH - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
  return {
    low,
    high,
    x: (shown: number) => EDGE.left + (shown / images) * width,
    y: (value: number) => EDGE.top + (1 - (value - low) / (high - low)) * height,
  };
}
