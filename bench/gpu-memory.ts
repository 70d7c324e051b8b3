import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Watches the first card's memory through nvidia-smi, five times a second: the largest use in MiB since the start. */
export function watchGpuMemory() {
  const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits', '--id=0', '--loop-ms=200'];
  const child = spawn('nvidia-smi', query, { stdio: ['ignore', 'pipe', 'ignore'] });
  let peakMiB: number | null = null; // stays so where nvidia-smi isn't installed
  child.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    peakMiB = Math.max(peakMiB ?? 0, Number(line));
  });
  return {
    stop(): number | null {
      child.kill();
      return peakMiB;
    },
  };
}
