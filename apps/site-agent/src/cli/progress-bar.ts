import { Presets, SingleBar } from 'cli-progress';

export type ProgressBar = { update(done: number, total: number): void; stop(): void };

/** A bar on stderr with rate and time left; silent when nobody watches. */
export function createProgressBar(unit: string): ProgressBar {
  const format = `{bar} {value}/{total} ${unit} · {percentage} % · {eta_formatted} left`;
  const bar = new SingleBar({ format, hideCursor: true, etaBuffer: 50 }, Presets.shades_classic);
  let isStarted = false;
  return {
    update: (done, total) => {
      if (!process.stderr.isTTY) return;
      if (!isStarted) bar.start(total, done);
      else bar.update(done);
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}
