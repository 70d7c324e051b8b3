import { z } from 'zod';
import { LABEL_SCHEME_NAMES } from '../films/label-schemes.ts';
import { SiteError } from '../site-error.ts';

/** What a run was asked to do; fixed when it is made. Presets are named here and described by @synspine/gan. */
export const runOptions = z.strictObject({
  preset: z.string().regex(/^[a-z0-9-]{1,40}$/),
  loss: z.enum(['gan', 'spinegan']),
  /** Which classes the films have. */
  labels: z.enum(LABEL_SCHEME_NAMES).default('binary'),
  /** null: as many as the preset says. */
  imagesShown: z.int().positive().nullable(),
  /** Synthetic images of the release, all classes together. */
  syntheticCount: z.int().min(2).max(100_000),
  /** Truncation of the sampled images, 0 (the mean film) to 1 (none). */
  psi: z.number().min(0).max(1),
  /** Whether images must pass the filters before release. */
  filters: z.boolean().default(true),
  seed: z.int().min(0).max(2_147_483_647),
  /** Of the generator's training. Absent: float32. */
  precision: z.enum(['float32', 'bfloat16']).optional(),
  /** λ, the weight of SpineGAN's judge. Absent: the preset's. */
  judgeWeight: z.number().positive().max(1).optional(),
  /** What generator and discriminator play for. Absent: the preset's. */
  ganLoss: z.enum(['logistic', 'relativistic']).optional(),
  /** Absent: a card where there is one that TensorFlow takes. */
  gpu: z.enum(['none', 'required']).optional(),
  /** SHA-256 of the weights that training starts from; their copy lies beside the checkpoints. Absent: random weights. */
  initFrom: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});
export type RunOptions = z.infer<typeof runOptions>;

/** Options as a person asked for them. Throws OPTION_INVALID, naming the flag. */
export function parseRunOptions(options: RunOptions): RunOptions {
  const parsed = runOptions.safeParse(options);
  if (parsed.success) return withJudge(parsed.data);
  const issue = parsed.error.issues[0];
  const flag = String(issue?.path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new SiteError('OPTION_INVALID', `--${flag}: ${issue?.message}`);
}

function withJudge(options: RunOptions): RunOptions {
  if (options.loss === 'spinegan' || options.judgeWeight === undefined) return options;
  throw new SiteError('OPTION_INVALID', '--judge-weight: a GAN without judge has no such weight');
}

export const DEFAULT_RUN_OPTIONS: RunOptions = {
  preset: 'demo-32',
  loss: 'spinegan',
  labels: 'binary',
  imagesShown: null,
  syntheticCount: 2_000,
  psi: 1,
  filters: true,
  seed: 1,
};
