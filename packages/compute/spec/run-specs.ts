import { createRequire } from 'node:module';
import { initCompute } from '../src/index.ts';
import { expectedFailures } from './expected-failures.ts';
import { judgeSpecs, type SpecResult } from './judge-specs.ts';
import { traceEachOp } from './trace-each-op.ts';

/*
 * Runs the specs that tfjs-core ships in its package on this backend: op by op as they are, and every op that they run once more as a
 * traced function. Ends with `N passed, N failed`, counting specs and native ops.
 */

const require = createRequire(import.meta.url);
const core = '@tensorflow/tfjs-core/dist';

interface JasmineEnvironment {
  configure(options: { random: boolean; forbidDuplicateNames: boolean }): void;
  addReporter(reporter: { specDone(result: SpecResult): void; suiteDone(result: SpecResult): void }): void;
  execute(): Promise<{ overallStatus: string }>;
}

async function runJasmine(environment: JasmineEnvironment): Promise<SpecResult[]> {
  const results: SpecResult[] = [];
  environment.addReporter({
    specDone: (result) => results.push(result),
    suiteDone: (suite) => {
      if (suite.failedExpectations.length > 0) results.push({ ...suite, status: 'failed' }); // a failed beforeAll or afterAll
    },
  });
  const { overallStatus } = await environment.execute();
  if (overallStatus === 'incomplete') throw new Error('jasmine did not run all specs');
  return results;
}

async function main(): Promise<void> {
  const environment: JasmineEnvironment = require('jasmine-core').boot().getEnv(); // puts describe, it, … into the global scope
  environment.configure({ random: false, forbidDuplicateNames: false });
  // tfjs's own gradients first: initCompute replaces some.
  require(`${core}/index`);
  require(`${core}/public/chained_ops/register_all_chained_ops`);
  require(`${core}/register_all_gradients`);
  const { tensorflowVersion } = initCompute({ threads: 1 });
  const { setTestEnvs } = require(`${core}/jasmine_util`);
  setTestEnvs([{ name: 'test-tensorflow', backendName: 'tensorflow', flags: {}, isDataSync: true }]);
  require(`${core}/tests`); // all of them
  const traced = traceEachOp();
  const { passed, expected, pending, problems } = judgeSpecs(await runJasmine(environment), expectedFailures);
  const ops = [...traced.equal.keys()];
  for (const problem of problems) console.log(`FAILED ${problem}`);
  for (const [problem, count] of traced.problems) console.log(`FAILED traced ${problem} (${count} times)`);
  const calls = [...traced.equal.values()].reduce((a, b) => a + b, 0);
  console.log(
    `TensorFlow ${tensorflowVersion}: ${passed} specs of tfjs-core pass, ${expected} fail for a reason listed in`,
  );
  console.log(
    `spec/expected-failures.ts, ${pending} are not for this platform. In ${calls} calls, ${ops.length} native ops give traced`,
  );
  console.log(`what they give eagerly, and so do ${traced.equalUnderXla} kinds of them under XLA.`);
  const failed = problems.length + traced.problems.size;
  console.log(`${passed + ops.length} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

await main();
