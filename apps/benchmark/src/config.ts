import { availableParallelism } from 'node:os';
import { ARCHITECTURE_IDS, type ArchitectureId, RECIPES } from '@synspine/classifier';
import { z } from 'zod';
import { BenchmarkError } from './benchmark-error.ts';
import type { RecipeName } from './training/training-setting.ts';

/** Every setting that the benchmark reads from its environment; `.env.example` lists the same names. */
export const configSchema = z.object({
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** CPU threads of TensorFlow, and small classifiers trained at once. */
  SYNSPINE_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  /** Seconds between two looks at the registry. */
  SYNSPINE_BENCHMARK_POLL_SECONDS: z.coerce.number().min(1).max(86_400).default(60),
  /** The downstream classifier's network. */
  SYNSPINE_BENCHMARK_ARCHITECTURE: z.enum(ARCHITECTURE_IDS).default('small-cnn'),
  SYNSPINE_BENCHMARK_RECIPE: z.enum(Object.keys(RECIPES) as RecipeName[]).default('default'),
});

export type Config = {
  logLevel: z.infer<typeof configSchema>['LOG_LEVEL'];
  threads: number;
  pollMs: number;
  architecture: ArchitectureId;
  recipe: RecipeName;
};

/** The settings in `environment`. Throws CONFIG_INVALID, in one line that names the setting and never its value. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = configSchema.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BenchmarkError('CONFIG_INVALID', `${String(issue?.path[0])}: ${issue?.message}`);
  }
  const { data } = parsed;
  return {
    logLevel: data.LOG_LEVEL,
    threads: data.SYNSPINE_THREADS,
    pollMs: data.SYNSPINE_BENCHMARK_POLL_SECONDS * 1_000,
    architecture: data.SYNSPINE_BENCHMARK_ARCHITECTURE,
    recipe: data.SYNSPINE_BENCHMARK_RECIPE,
  };
}
