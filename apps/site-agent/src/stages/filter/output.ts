import type { Candidates } from '../release-plan.ts';

/** Candidates that one filter rejected and those before it had passed. */
export type Rejections = { filter: 'spine' | 'label'; count: number };

/** What became of each class's candidates. */
export type FilteredClass = Candidates & { keptCount: number; rejections: Rejections[] };
export type FilterOutput = { classes: FilteredClass[] };
