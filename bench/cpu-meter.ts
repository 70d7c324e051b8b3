import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const ticksPerS = 100; // USER_HZ of proc(5), the same on every Linux of x86-64

/** Ticks that all processes together have run: user, nice, system, irq and softirq of /proc/stat. */
function machineTicks(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/);
  return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0);
}

/** Ticks that one process and its threads have run. */
function processTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return Number(fields[11]) + Number(fields[12]); // utime, stime
}

/** Seconds that a process and all that live below it have run on all cores. */
export function cpuSeconds(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.split(') ').at(-1)!.split(' ')[1]));
    } catch {
      // it has ended meanwhile
    }
  }
  const isBelow = (id: number | undefined): boolean =>
    id !== undefined && (id === pid || isBelow(parents.get(id)));
  return [...parents.keys()].filter(isBelow).reduce((sum, id) => sum + processTicks(id), 0) / ticksPerS;
}

/** Watches what the machine does beside one process. */
export function createCpuMeter(pid: number) {
  const [machine, own, begin] = [machineTicks(), processTicks(pid), performance.now()];
  return {
    /** Share of all cores that other processes took since the meter was made. */
    foreignShare(): number {
      const available = ((performance.now() - begin) / 1000) * ticksPerS * availableParallelism();
      return (machineTicks() - machine - (processTicks(pid) - own)) / available;
    },
  };
}
