import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from './contender.ts';
import { createCpuMeter } from './cpu-meter.ts';

/** Items per second of one contender: every undisturbed round, and how many were thrown away. */
export type Rates = { perS: number[]; disturbed: number };

/** A contender's part in a round: the command that works through `items` items and answers `{ seconds }`. */
export type Turn = { contender: Contender; command: string; request: object; items: number };

const foreignShareMax = 0.06; // of the machine's cores; more makes barriers of two threads wait for a third
const triesPerRound = 4;
const quietWaitS = 60;

/** Waits until other processes leave the cores alone, at most a minute. */
async function waitForQuiet(): Promise<void> {
  for (let waited = 0; waited < quietWaitS; waited += 0.5) {
    const meter = createCpuMeter(process.pid);
    await sleep(500);
    if (meter.foreignShare() <= foreignShareMax) return;
  }
}

async function takeTurn(turn: Turn, rates: Rates): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await waitForQuiet();
    const meter = createCpuMeter(turn.contender.pid);
    const { seconds } = await turn.contender.ask<{ seconds: number }>(turn.command, turn.request);
    const quiet = meter.foreignShare() <= foreignShareMax;
    if (!quiet) rates.disturbed += 1;
    if (!quiet && attempt < triesPerRound) continue;
    if (quiet) rates.perS.push(turn.items / seconds);
    return;
  }
}

/**
 * Interleaved rounds: each contender in turn, the order reversed every second round, one working at a time. A round in which
 * other processes took more than 6 % of the machine is repeated, and after four tries left out.
 */
export async function alternate(turns: readonly Turn[], rounds: number): Promise<Map<string, Rates>> {
  const rates = new Map(turns.map(({ contender }) => [contender.name, { perS: [], disturbed: 0 } as Rates]));
  for (let round = 0; round < rounds; round++) {
    for (const turn of round % 2 ? [...turns].reverse() : turns)
      await takeTurn(turn, rates.get(turn.contender.name)!);
  }
  return rates;
}
