import { readFileSync } from 'node:fs';

/** The largest resident memory that this process has had, in MiB (VmHWM of proc(5)). */
export function peakMiB(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Math.round(Number(line![1]) / 1024);
}

/** Seconds since the kernel started this process. */
export function secondsSinceStart(): number {
  return process.uptime();
}
