import { Presets, SingleBar } from 'cli-progress';
import { createPace, describeTimeLeft } from './progress-lines.ts';

export type ProgressBar = { update(done: number, total: number): void; stop(): void };

/** A bar on stderr with rate and time left; a line a minute where stderr is no terminal. */
export function createProgressBar(unit: string): ProgressBar {
  return process.stderr.isTTY ? drawBar(unit) : writeLines(unit);
}

function writeLines(unit: string): ProgressBar {
  const pace = createPace();
  return {
    update: (done, total) => {
      const told = pace(done / total);
      if (!told) return;
      process.stderr.write(`${done} of ${total} ${unit}${describeTimeLeft(told.secondsLeft)}\n`);
    },
    stop: () => undefined,
  };
}

function drawBar(unit: string): ProgressBar {
  const format = `{bar} {value}/{total} ${unit} · {percentage} % · {rate}/s · {eta_formatted} left`;
  const bar = new SingleBar({ format, hideCursor: true, etaBuffer: 50 }, Presets.shades_classic);
  let isStarted = false;
  let startedAt = 0;
  let before = 0; // done when the bar began
  return {
    update: (done, total) => {
      if (!isStarted) {
        [startedAt, before] = [performance.now(), done];
        bar.start(total, done, { rate: '–' });
      } else {
        const perSecond = (done - before) / ((performance.now() - startedAt) / 1_000);
        bar.update(done, { rate: perSecond.toPrecision(2) });
      }
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}
