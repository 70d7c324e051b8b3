import { Presets, SingleBar } from 'cli-progress';

export type ProgressBar = { update(done: number, total: number): void; stop(): void };

/** A bar on stderr with rate and time left; silent when nobody watches. */
export function createProgressBar(unit: string): ProgressBar {
  const format = `{bar} {value}/{total} ${unit} · {percentage} % · {rate}/s · {eta_formatted} left`;
  const bar = new SingleBar({ format, hideCursor: true, etaBuffer: 50 }, Presets.shades_classic);
  let isStarted = false;
  let startedAt = 0;
  let before = 0; // done when the bar began
  return {
    update: (done, total) => {
      if (!process.stderr.isTTY) return;
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
