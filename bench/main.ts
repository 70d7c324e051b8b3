import { writeFileSync } from 'node:fs';
import { exitCode } from '../packages/protocol/src/index.ts';
import { describeMachine, type Versions } from './machine.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { runBig } from './parts/big.ts';
import { compareCompute } from './parts/compute.ts';
import { compareFeatures } from './parts/features.ts';
import { measureGpu } from './parts/gpu.ts';
import { compareIngest } from './parts/ingest.ts';
import { compareRegistry } from './parts/registry.ts';
import { measureText } from './parts/text.ts';
import {
  printBig,
  printFeatures,
  printGpu,
  printIngest,
  printRegistry,
  printRow,
  printText,
} from './report.ts';

async function measure(options: BenchOptions): Promise<object> {
  const versions: Versions = {};
  const results: Record<string, unknown> = {};
  if (options.parts.includes('compute')) results.compute = await compareCompute(options, versions, printRow);
  if (options.parts.includes('features')) {
    const features = await compareFeatures(options, versions);
    printFeatures(features);
    results.features = features;
  }
  if (options.parts.includes('big')) results.big = await runBig(options, printBig);
  if (options.parts.includes('ingest')) results.ingest = await compareIngest(options, versions, printIngest);
  if (options.parts.includes('text')) {
    const text = await measureText(options);
    printText(text);
    results.text = text;
  }
  if (options.parts.includes('registry')) {
    const registry = await compareRegistry(options);
    printRegistry(registry);
    results.registry = registry;
  }
  if (options.parts.includes('gpu')) console.log(`\nwrote ${await measureGpu(options, printGpu)}`);
  return { ...results, machine: describeMachine(versions), measuredAt: new Date().toISOString() };
}

function readOptionsOrExit(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(exitCode('usage'));
  }
}

const options = readOptionsOrExit();
try {
  const results = await measure(options);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
