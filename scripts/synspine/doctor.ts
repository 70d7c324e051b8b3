import { existsSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { inceptionWeightsPath, initCompute } from '../../packages/compute/src/index.ts';
import { exitCode } from '../../packages/protocol/src/index.ts';

const GIB = 1024 ** 3;

/** Says what this machine brings for training. */
export function doctor(): number {
  const { tensorflowVersion, device } = initCompute();
  console.log(`Node              ${process.version}`);
  console.log(
    `CPU               ${availableParallelism()} cores, ${(totalmem() / GIB).toFixed(1)} GiB (${(freemem() / GIB).toFixed(1)} free)`,
  );
  console.log(`TensorFlow        ${tensorflowVersion} on ${device}`);
  const hasInception = existsSync(inceptionWeightsPath());
  console.log(`Inception weights ${hasInception ? 'there' : 'missing: run `npm run setup`'}`);
  return exitCode(hasInception ? 'done' : 'configuration');
}
