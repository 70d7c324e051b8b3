import { describeWait } from '@synspine/protocol';
import { readLines } from '../durable-file.ts';
import type { Log } from '../log.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { readState, waitOfRun } from '../runs/run-state.ts';
import type { Progress, StageName } from '../stages/stage.ts';
import { createProgressBar } from './progress-bar.ts';
import { createPace } from './progress-lines.ts';

export type ProgressLine = Progress & { at: string; stage: StageName; epoch: number };

const LOOK_MS = 1_000;
const STEPS = 1_000; // the bar counts in thousandths of a stage

/** Says once, on standard error, what a run waits for; with or without a terminal. */
export function followWaits(run: RunFolder): { stop(): void } {
  let told: string | undefined;
  const look = async () => {
    const waiting = waitOfRun(await readState(run));
    const words = waiting && describeWait(waiting);
    if (words && words !== told) process.stderr.write(`${run.runId}: ${words}. It goes on by itself.\n`);
    told = words;
  };
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS); // words only: the run goes on
  return { stop: () => clearInterval(timer) };
}

/** Draws the progress of a run from its run directory, whichever process works on it; where stderr is no terminal, the log says it. */
export function followProgress(run: RunFolder, log: Log): { stop(): void } {
  const picture = process.stderr.isTTY ? drawBar() : writeLog(run.runId, log);
  const look = async () => {
    const last = (await readLines<ProgressLine>(run.files.progress)).at(-1);
    if (last) picture.show(last);
  };
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS); // a picture only: the run goes on
  return {
    stop: () => {
      clearInterval(timer);
      picture.stop();
    },
  };
}

function drawBar() {
  let stage: StageName | undefined;
  let bar = createProgressBar('');
  return {
    show: (last: ProgressLine) => {
      if (last.stage !== stage) {
        bar.stop();
        bar = createProgressBar(`‰ of ${last.stage}`);
        stage = last.stage;
      }
      bar.update(Math.round(last.share * STEPS), STEPS);
    },
    stop: () => bar.stop(),
  };
}

function writeLog(runId: string, log: Log) {
  let stage: StageName | undefined;
  let pace = createPace();
  return {
    show: (last: ProgressLine) => {
      if (last.stage !== stage) [stage, pace] = [last.stage, createPace()];
      const told = pace(last.share);
      if (!told) return;
      const { percent } = told;
      const secondsLeft = last.etaSeconds ?? told.secondsLeft; // training knows better
      log.info('stage goes on', { runId, stage, percent, ...(secondsLeft !== null && { secondsLeft }) });
    },
    stop: () => undefined,
  };
}
