import { z } from 'zod';
import { LABEL_SCHEME_NAMES } from '../films/label-schemes.ts';
import { DEFAULT_SHARES, type Shares } from '../films/split.ts';
import type { Home } from '../home.ts';
import { RELEASABLE } from '../presets.ts';
import { readSettings } from '../settings-file.ts';
import { SiteError } from '../site-error.ts';

const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d';

/** When `serve` starts a run by itself. */
const schedule = z.strictObject({
  /** Films that have come since the newest run began, finished or not. */
  afterNewFilms: z.int().min(1).max(1_000_000).default(50),
  /** Days between the beginnings of two runs, at least. */
  everyDaysAtMost: z.number().min(0).max(3_650).default(7),
  /** Local time at which runs may start; null: at any. One that has started goes on by day. */
  between: z
    .string()
    .regex(new RegExp(`^${CLOCK}-${CLOCK}$`), 'expected hours such as 22:00-06:00')
    .refine((text) => text.slice(0, 5) !== text.slice(6), 'begins and ends at the same minute')
    .nullable()
    .default(null),
});
export type Schedule = z.infer<typeof schedule>;

const SHARES_MAX = 0.7; // of the patients, both together: the others are trained on
const shareOfPatients = z.number().min(0.05).max(0.5);

/** Shares of each class's patients that are not trained on. They count when the home's patients are first put into parts. */
const split = z
  .strictObject({
    validation: shareOfPatients.default(DEFAULT_SHARES.validation),
    holdOut: shareOfPatients.default(DEFAULT_SHARES['hold-out']),
  })
  .refine(({ validation, holdOut }) => validation + holdOut <= SHARES_MAX, {
    message: `leaves less than ${Math.round(100 * (1 - SHARES_MAX))} % of the patients to train on`,
  });

/** `training.json` in the home: what this site trains, and when. What it doesn't name is as by default. */
const trainingFile = z.strictObject({
  schema: z.literal('synspine.training/1'),
  /** `auto`: what this machine is fit for with the films of the home, chosen when a run starts. */
  preset: z.enum(['auto', ...RELEASABLE]).default('auto'),
  /** Left out: the preset's. */
  labels: z.enum(LABEL_SCHEME_NAMES).optional(),
  loss: z.enum(['spinegan', 'gan']).optional(),
  /** Left out: what fits the machine where the preset is `auto`, else float32. */
  precision: z.enum(['float32', 'bfloat16']).optional(),
  /** Length of training; null: as many as preset and films make. */
  imagesShown: z.int().positive().nullable().optional(),
  psi: z.number().min(0).max(1).optional(),
  syntheticCount: z.int().min(2).max(100_000).optional(),
  /** `none` hides the card from training, `required` ends a run that can't have it. */
  gpu: z.enum(['auto', 'none', 'required']).optional(),
  split: split.prefault({}),
  schedule: schedule.prefault({}),
});
export type TrainingSettings = z.infer<typeof trainingFile>;

/** What a home without the file trains: whatever its machine is fit for. */
export const DEFAULT_TRAINING: TrainingSettings = trainingFile.parse({ schema: 'synspine.training/1' });

/** The home's settings; undefined without a file. Throws TRAINING_INVALID, naming the field. */
export async function readTraining(home: Home): Promise<TrainingSettings | undefined> {
  const json = await readSettings(home.files.training, 'TRAINING_INVALID');
  if (json === undefined) return undefined;
  const file = trainingFile.safeParse(json);
  if (file.success) return file.data;
  const issue = file.error.issues[0]!;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...issue.path, ...unknown].join('.') || 'the file';
  const why = unknown.length > 0 ? 'there is no such field' : issue.message;
  throw new SiteError('TRAINING_INVALID', `${field}: ${why}`);
}

/** How this home divides its patients. Throws TRAINING_INVALID. */
export async function readShares(home: Home): Promise<Shares> {
  const { split } = (await readTraining(home)) ?? DEFAULT_TRAINING;
  return { validation: split.validation, 'hold-out': split.holdOut };
}

/** The settings in a line for people. */
export function describeTraining({
  preset,
  labels,
  precision,
  imagesShown,
  gpu,
  schedule,
}: TrainingSettings): string {
  const network = [preset, labels, precision, imagesShown && `${imagesShown} images`]
    .filter(Boolean)
    .join(', ');
  const { afterNewFilms, everyDaysAtMost, between } = schedule;
  const when = [
    `after ${afterNewFilms} new films`,
    ...(everyDaysAtMost > 0 ? [`at most every ${everyDaysAtMost} days`] : []),
    ...(between ? [`between ${between}`] : []),
  ];
  return `${network}; GPU ${gpu ?? 'auto'}; a run ${when.join(', ')}`;
}
