import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup/set-up.mjs';

/**
 * `npm run bench [-- PART …] [--quick] [--json FILE]`: brings what is missing, then measures. Set-up is plain Node, since the rest is
 * TypeScript and needs the packages that set-up brings.
 */
const args = process.argv.slice(2);
const onGpu = args.includes('gpu');
const comparesWithPython = !onGpu && !args.includes('big');
const [part] = args.filter((arg) => !arg.startsWith('-'));
/** What the parts that need no tensors need. */
const LIGHT_PARTS = {
  ingest: ['npm packages'],
  text: ['npm packages'],
  registry: ['npm packages', 'dashboard', 'database client', 'PostgreSQL'],
};

async function requireCard() {
  const { describeDriver, findNvidiaDriver } = await import('../packages/compute/setup/nvidia-driver.mjs');
  const driver = findNvidiaDriver();
  if (driver?.models.length) return;
  console.error(`NO_GPU: ${describeDriver(driver)} Nothing was measured.`);
  process.exit(78); // `configuration` of EXIT_CODES
}

async function prepare() {
  if (onGpu) await requireCard();
  if (part in LIGHT_PARTS) {
    const code = await setUp({ only: LIGHT_PARTS[part], gpu: false });
    return code === 0 ? [] : process.exit(code);
  }
  const only = ['npm packages', 'TensorFlow', 'Inception weights', 'TensorFlow addon', 'confinement'];
  const code = await setUp({ only, gpu: onGpu });
  if (code !== 0) process.exit(code);
  if (!comparesWithPython) return [];
  const { ensurePython } = await import('../bench/setup/ensure-python.mjs');
  return ['--python', await ensurePython()];
}

const extra = await prepare().catch((error) => {
  console.error(`${error.code ?? 'SETUP_FAILED'}: ${error.message}`);
  process.exit(1);
});
const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'bench/main.ts'), ...args, ...extra], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, TF_FORCE_GPU_ALLOW_GROWTH: 'true' }, // or TensorFlow takes all memory and its peak can't be seen
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (exitCode) => process.exit(exitCode ?? 1));
