import { readFileSync, writeFileSync } from 'node:fs';
import { initCompute } from '../../packages/compute/src/index.ts';
import { createInception } from '../../packages/metrics/src/index.ts';
import { peakMiB } from './process-figures.ts';
import { serve } from './serve.ts';

/** Our Inception features of the job's images, as the evaluation takes them. Usage: inception.ts JOB.json */
type Job = { threads: number; images: string; count: number; side: number };

const job = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Job;
initCompute({ threads: job.threads });
const inception = createInception();
const images = new Uint8Array(readFileSync(job.images));
const run = () => inception.features(images, job.count, job.side, job.side);

await serve({
  async features() {
    const begin = performance.now();
    run();
    return { seconds: (performance.now() - begin) / 1000 };
  },
  async write(request) {
    writeFileSync(String(request.path), run());
    return {};
  },
  figures: async () => ({ peakMiB: peakMiB(), versions: {} }),
});
