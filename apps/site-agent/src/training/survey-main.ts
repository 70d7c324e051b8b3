import { availableParallelism, totalmem } from 'node:os';
import { describeGpu, initCompute } from '@synspine/compute';
import { errorCode } from '../site-error.ts';
import { planPresets } from './plan-presets.ts';
import type { Machine } from './propose-preset.ts';
import type { Survey, SurveyRequest } from './survey.ts';

const GIB = 2 ** 30;

/**
 * Entry of the process that looks at the machine and ends. TensorFlow keeps a card's memory for as long as its process lives, so
 * neither the agent nor the command line asks it.
 */
function main(): void {
  try {
    const request = JSON.parse(process.argv[2]!) as SurveyRequest;
    process.stdout.write(JSON.stringify({ survey: look(request) }));
  } catch (error) {
    process.stdout.write(JSON.stringify({ code: errorCode(error) }));
  }
}

function look({ threads, filmsOfClasses }: SurveyRequest): Survey {
  initCompute({ threads: 1 });
  const { text, isProblem, models, memoryBytes } = describeGpu();
  const [bytes] = memoryBytes;
  const gpu = bytes === undefined ? null : { model: models[0] ?? 'GPU', memoryGiB: bytes / GIB };
  const cores = Math.min(threads, availableParallelism());
  const machine: Machine = { cores, memoryGiB: totalmem() / GIB, gpu };
  return { machine, gpuText: text, isGpuProblem: isProblem, plans: planPresets(machine, filmsOfClasses) };
}

main();
