import { readFile } from 'node:fs/promises';
import { type PrivacyPolicy, parsePolicy as parseLimits, referencePolicy } from '@synspine/privacy';
import { z } from 'zod';
import type { Config } from './config.ts';
import type { Home } from './home.ts';
import { SiteError } from './site-error.ts';

const RESULT_MIN_PER_CLASS = 20; // fewer, and an AUC says more about single films than about the classifier
const REMOTE_SCORES_MAX = 200; // each answer tells a little about the hold-out's labels
const REAL_TRAINING_STEPS_MAX = 6_000; // five times what the benchmark's own recipes take

/** `policy.json` in the home: what this site's administration signed off. */
const policyFile = z.strictObject({
  version: z.string(),
  /** Thresholds of the privacy audit; @synspine/privacy says which there are and how far each may go. */
  limits: z.record(z.string(), z.number()),
  /** Set only where tests that too few patients leave undecided are accepted, and why. */
  acceptUndecided: z.strictObject({ reason: z.string() }).nullable().default(null),
  /** Fewest films of a class at which an AUC is told to the registry. */
  resultMinPerClass: z.int().min(2).max(10_000).default(RESULT_MIN_PER_CLASS),
  /** How many classifiers may be scored on one hold-out in its lifetime. */
  remoteScoresMax: z.int().min(0).max(100_000).default(REMOTE_SCORES_MAX),
  /** How many steps, those of all seeds together, the site's own films may be trained with for one comparison; 0: none. */
  realTrainingStepsMax: z.int().min(0).max(1_000_000).default(REAL_TRAINING_STEPS_MAX),
});

export type SitePolicy = {
  privacy: PrivacyPolicy;
  resultMinPerClass: number;
  remoteScoresMax: number;
  realTrainingStepsMax: number;
};

/** Reads a policy's text. Throws POLICY_INVALID, naming the field. */
export function parsePolicy(text: string): SitePolicy {
  const file = policyFile.safeParse(parseJson(text));
  if (!file.success) {
    const issue = file.error.issues[0];
    throw new SiteError('POLICY_INVALID', `${issue?.path.join('.') ?? 'the file'}: ${issue?.message}`);
  }
  const { version, limits, acceptUndecided, ...scores } = file.data;
  try {
    const privacy = parseLimits({ version, ...limits, acceptUndecided });
    return { privacy, ...scores };
  } catch (cause) {
    throw new SiteError('POLICY_INVALID', cause instanceof Error ? cause.message : undefined, { cause });
  }
}

/**
 * The site's policy. Without a file, a development home gets the reference thresholds; a production one releases
 * nothing: throws POLICY_MISSING.
 */
export async function readPolicy(
  home: Home,
  { isProduction }: Pick<Config, 'isProduction'>,
): Promise<SitePolicy> {
  const text = await readText(home.files.policy);
  if (text !== undefined) return parsePolicy(text);
  if (isProduction) throw new SiteError('POLICY_MISSING');
  return {
    privacy: referencePolicy,
    resultMinPerClass: RESULT_MIN_PER_CLASS,
    remoteScoresMax: REMOTE_SCORES_MAX,
    realTrainingStepsMax: REAL_TRAINING_STEPS_MAX,
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SiteError('POLICY_INVALID', 'the file is not JSON');
  }
}
