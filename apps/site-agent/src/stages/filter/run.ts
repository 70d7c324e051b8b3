import { initCompute } from '@synspine/compute';
import { openTrainingFilms } from '../../films/training-films.ts';
import { openTrainedSampler } from '../open-run-sampler.ts';
import { packCandidates, planRelease, sampleCandidates } from '../release-plan.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { createImageFilters, type ImageFilter } from './image-filters.ts';
import type { FilteredClass, FilterOutput, Rejections } from './output.ts';

const BLOCK = 64; // candidates looked at at once

/**
 * Decides which images the release has, before anything is measured on them: evaluation and audit see what is released.
 * A generator of which too much is rejected ends the run here.
 */
export async function runFilter(context: StageContext): Promise<StageOutcome> {
  const { run, signal, report } = context;
  initCompute({ threads: context.threads });
  const { options } = run;
  const films = await openTrainingFilms(run);
  const filters = options.filters ? await createImageFilters(films, { seed: options.seed, signal }) : [];
  const sampler = await openTrainedSampler(run);
  const plan = planRelease(options, sampler.classCount);
  const classes: FilteredClass[] = [];
  for (const [label, wanted] of plan.imagesPerClass.entries()) {
    const draw = (first: number) => sampleCandidates(sampler, plan, label, { first, count: BLOCK });
    classes.push(filterClass(draw, filters, { label, wanted, max: plan.stride }));
    signal.throwIfAborted();
    await report({ share: (label + 1) / plan.imagesPerClass.length });
  }
  sampler.dispose();
  const output: FilterOutput = { classes };
  const isFull = classes.every(({ keptCount }, label) => keptCount === plan.imagesPerClass[label]);
  return isFull ? { kind: 'done', output } : { kind: 'stopped', code: 'GENERATOR_REJECTED', output };
}

/** Looks at candidates in order until `wanted` are kept, or `max` were looked at. `draw` samples the next block. */
export function filterClass(
  draw: (first: number) => Uint8Array,
  filters: readonly ImageFilter[],
  { label, wanted, max }: { label: number; wanted: number; max: number },
): FilteredClass {
  const rejections = filters.map(({ name }): Rejections => ({ filter: name, count: 0 }));
  const keep: number[] = [];
  let kept = 0;
  for (let first = 0; kept < wanted && first < max; first += BLOCK) {
    const images = draw(first);
    const verdicts = filters.map((filter) => filter.keep(images, label));
    for (let i = 0; i < BLOCK && kept < wanted; i++) {
      const rejecting = verdicts.findIndex((verdict) => !verdict[i]);
      if (rejecting >= 0) rejections[rejecting]!.count++;
      else kept++;
      keep.push(Number(rejecting < 0));
    }
  }
  return { ...packCandidates(Uint8Array.from(keep)), keptCount: kept, rejections };
}
