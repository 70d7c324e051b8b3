import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { SiteError } from './site-error.ts';

/** Every setting that the agent reads from its environment; `.env.example` lists the same names. */
export const configSchema = z.object({
  /** Where the job queue lives; none means a PostgreSQL of the agent's own, inside the home. */
  QUEUE_URL: z
    .string()
    .regex(/^(postgres(ql)?|rediss?):\/\//, 'expected postgres:// or redis(s)://')
    .optional(),
  /** The agent's folder where no flag names one. */
  SYNSPINE_HOME: z.string().default(join(homedir(), '.synspine')),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** CPU threads of TensorFlow. */
  SYNSPINE_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  /** Seconds between two looks of `serve` at whether training.json asks for a run. */
  SYNSPINE_SCHEDULE_SECONDS: z.coerce.number().min(0.05).max(3_600).default(60),
  /** Seconds between two looks at the run directory for work that the queue lost. */
  SYNSPINE_RECONCILE_SECONDS: z.coerce.number().min(0.05).max(3_600).default(2),
});

export type Config = {
  queueUrl: string | undefined;
  logLevel: z.infer<typeof configSchema>['LOG_LEVEL'];
  /** Said on the command line alone: without a policy.json, the policy that ships with the agent holds. */
  usesReferencePolicy: boolean;
  threads: number;
  scheduleMs: number;
  reconcileMs: number;
  /** What a worker process gets to see of the environment: what its libraries read, and no secret. */
  workerEnvironment: Record<string, string>;
};

/** The agent's folder where no flag names one. An empty setting is none. */
export function defaultHome({ SYNSPINE_HOME }: Record<string, string | undefined> = process.env): string {
  return configSchema.shape.SYNSPINE_HOME.parse(SYNSPINE_HOME || undefined);
}

const WORKER_SETTING = /^(PATH|HOME|LANG|TZ|LD_LIBRARY_PATH|SYNSPINE_CACHE|CUDA_.*|NVIDIA_.*|TF_.*|XLA_.*)$/;

/** The settings in `environment`. Throws CONFIG_INVALID, in one line that names the setting and never its value. */
export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = configSchema.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new SiteError('CONFIG_INVALID', `${String(issue?.path[0])}: ${issue?.message}`);
  }
  const { QUEUE_URL, LOG_LEVEL, SYNSPINE_THREADS, SYNSPINE_SCHEDULE_SECONDS, SYNSPINE_RECONCILE_SECONDS } =
    parsed.data;
  return {
    queueUrl: QUEUE_URL,
    logLevel: LOG_LEVEL,
    usesReferencePolicy: false,
    threads: SYNSPINE_THREADS,
    scheduleMs: SYNSPINE_SCHEDULE_SECONDS * 1_000,
    reconcileMs: SYNSPINE_RECONCILE_SECONDS * 1_000,
    workerEnvironment: workerEnvironment(environment),
  };
}

function workerEnvironment(environment: Record<string, string | undefined>): Record<string, string> {
  const kept = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && WORKER_SETTING.test(name),
  );
  return { TF_CPP_MIN_LOG_LEVEL: '2', ...(Object.fromEntries(kept) as Record<string, string>) }; // 2: errors only
}

/** Hides every GPU from this process and what it starts, before TensorFlow looks for one. */
export function hideGpu(): void {
  process.env.CUDA_VISIBLE_DEVICES = '';
}
