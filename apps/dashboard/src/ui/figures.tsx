import type { QualityScore } from '@synspine/protocol';

const digits = (x: number) => (Math.abs(x) >= 10 ? 1 : Math.abs(x) >= 0.1 ? 2 : 4);
export const format = (x: number) => (x === 0 ? '0' : x.toFixed(digits(x)).replace('-', '−'));

/** A number with its 95 % interval, right-aligned by its table cell. */
export function Figure({
  value,
  ciLow,
  ciHigh,
  title,
}: {
  value: number;
  ciLow: number;
  ciHigh: number;
  title?: string;
}) {
  return (
    <span className="figure" title={title}>
      {format(value)}{' '}
      <small>
        {format(ciLow)}–{format(ciHigh)}
      </small>
    </span>
  );
}

export function scoreOf(scores: QualityScore[], metric: QualityScore['metric'], stratum = 'all') {
  return scores.find((s) => s.metric === metric && s.stratum === stratum);
}

export function ScoreCell({ score }: { score: QualityScore | undefined }) {
  if (!score) return <td className="number quiet">–</td>;
  return (
    <td className="number">
      <Figure {...score} title={`${score.protocol}, n = ${score.n}`} />
      {score.floor && <small className="floor">floor {format(score.floor.value)}</small>}
    </td>
  );
}

const words = {
  approve: 'released', // how its audit came out is said beside the release
  reject: 'rejected',
  undecided: 'undecided',
  failed: 'failed',
  nothing: 'nothing to do',
  stopped: 'stopped',
} as const;
const marks = {
  approve: '✓',
  reject: '✗',
  undecided: '?',
  failed: '!',
  nothing: '–',
  stopped: '‖',
} as const;

/** How a run ended, as a word with a mark: colour alone says nothing. */
export function Verdict({ of }: { of: keyof typeof words }) {
  return (
    <span className={`verdict ${of}`}>
      {marks[of]} {words[of]}
    </span>
  );
}
