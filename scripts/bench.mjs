import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup/set-up.mjs';

/**
 * `npm run bench [-- PART …] [--quick] [--json FILE]`: brings what is missing, then measures. Set-up is plain Node, since the rest is
 * TypeScript and needs the packages that set-up brings.
 */
const args = process.argv.slice(2);
const comparesWithPython = !args.some((part) => part === 'big' || part === 'gpu');

async function ensureGpuTensorflow() {
  const { findCards } = await import('../bench/setup/find-cards.mjs');
  const cards = await findCards();
  if (cards.length === 0) {
    console.error(
      'NO_GPU: nvidia-smi names no card on this machine. Run `npm run bench:gpu` where there is one; nothing was measured.',
    );
    process.exit(69); // EX_UNAVAILABLE
  }
  const { ensureTensorflow } = await import('../packages/compute/setup/fetch-tensorflow.mjs');
  await ensureTensorflow({ gpu: true });
}

async function prepare() {
  if (args.includes('gpu')) await ensureGpuTensorflow();
  const code = await setUp({ only: ['npm packages', 'TensorFlow', 'Inception weights', 'TensorFlow addon'] });
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
  // the libraries' own chatter stays out of the tables; a GPU's memory is taken as needed, so that its peak can be seen
  env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', TF_FORCE_GPU_ALLOW_GROWTH: 'true' },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (exitCode) => process.exit(exitCode ?? 1));
