import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cpuSeconds, createCpuMeter } from './cpu-meter.ts';

test('work of another process counts as foreign, the same work as its own does not', async () => {
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  try {
    await sleep(300);
    const [beside, own] = [createCpuMeter(process.pid), createCpuMeter(busy.pid!)];
    await sleep(1000);
    const difference = beside.foreignShare() - own.foreignShare();
    expect(difference).toBeGreaterThan(0.05);
  } finally {
    busy.kill();
    await once(busy, 'close');
  }
});

test('the work of a process that another has started counts as work of both', async () => {
  const script =
    "require('node:child_process').spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })";
  const parent = spawn(
    process.execPath,
    ['-e', `const busy = ${script}; process.stdin.resume().on('end', () => busy.kill());`],
    {
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  try {
    // its parent alone never works for a second
    await expect.poll(() => cpuSeconds(parent.pid!), { timeout: 50_000 }).toBeGreaterThan(1);
  } finally {
    parent.stdin.end();
    await once(parent, 'close');
  }
});
