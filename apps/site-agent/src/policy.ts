import {
  type AuditPolicy,
  acceptanceState,
  auditPolicy,
  DEMONSTRATION_WARNING,
  daysLeft,
  isLoopbackHost,
  referencePolicy,
  weakerLimits,
} from '@synspine/audit-rules';
import { z } from 'zod';
import type { Home } from './home.ts';
import { parseSettings, readSettingsText } from './settings-file.ts';
import { SiteError } from './site-error.ts';

const RESULT_MIN_PER_CLASS = 20; // fewer, and an AUC says more about single films than about the classifier
const REMOTE_SCORES_MAX = 200; // each answer tells a little about the hold-out's labels
const REAL_TRAINING_STEPS_MAX = 6_000; // five times what the benchmark's own recipes take

/** `policy.json` in the home: what this site's administration signed off. */
const policyFile = z.strictObject({
  /** For people. */
  $comment: z.union([z.string(), z.array(z.string())]).optional(),
  ...auditPolicy.shape,
  accept: auditPolicy.shape.accept.default([]),
  demonstration: auditPolicy.shape.demonstration.default(false),
  /** Fewest films of a class at which an AUC is told to the registry. */
  resultMinPerClass: z.int().min(2).max(10_000).default(RESULT_MIN_PER_CLASS),
  /** How many classifiers may be scored on one hold-out in its lifetime. */
  remoteScoresMax: z.int().min(0).max(100_000).default(REMOTE_SCORES_MAX),
  /** How many steps, those of all seeds together, the site's own films may be trained with for one comparison; 0: none. */
  realTrainingStepsMax: z.int().min(0).max(1_000_000).default(REAL_TRAINING_STEPS_MAX),
});

export type SitePolicy = {
  privacy: AuditPolicy;
  resultMinPerClass: number;
  remoteScoresMax: number;
  realTrainingStepsMax: number;
};

/** Where a site's policy comes from: its file, or, said aloud on the command line, the one that ships with the agent. */
export type PolicySource = { usesReferencePolicy: boolean };

/** Reads a policy's text. Throws POLICY_INVALID, naming the field. */
export function parsePolicy(text: string, now = new Date()): SitePolicy {
  const json = parseSettings(text, 'POLICY_INVALID');
  if (typeof json === 'object' && json !== null && 'acceptUndecided' in json)
    throw new SiteError(
      'POLICY_INVALID',
      'acceptUndecided: no longer taken; list each accepted test under `accept` with a reason and an expiry, as docs/hospital-it/policy.md shows',
    );
  const { version, limits, accept, demonstration, $comment: _, ...scores } = checked(policyFile, json);
  const privacy = checked(auditPolicy, { version, limits, accept, demonstration }); // once more, for the ranges
  const tooLong = privacy.accept.findIndex((acceptance) => acceptanceState(acceptance, now) === 'tooLong');
  if (tooLong >= 0)
    throw new SiteError('POLICY_INVALID', `accept.${tooLong}.expires: expected a day within a year`);
  return { privacy, ...scores };
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SiteError('POLICY_INVALID', `${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

/**
 * The site's policy. Throws POLICY_MISSING when there is no file and nobody asked for the reference policy, POLICY_INVALID, and
 * OPTION_INVALID when the reference policy is asked for beside a file: which of them holds must never be in doubt.
 */
export async function readPolicy(home: Home, { usesReferencePolicy }: PolicySource): Promise<SitePolicy> {
  const text = await readSettingsText(home.files.policy);
  if (text !== undefined && usesReferencePolicy)
    throw new SiteError('OPTION_INVALID', '--reference-policy: this home has a policy.json');
  if (text !== undefined) return parsePolicy(text);
  if (!usesReferencePolicy) throw new SiteError('POLICY_MISSING');
  return parsePolicy(policyToBegin());
}

/**
 * Before a run: says on stderr what a reader should know of the policy. Throws POLICY_DEMONSTRATION when it is a demonstration's and
 * the registry isn't on this machine, which would refuse the release after hours of training.
 */
export function announcePolicy({ privacy }: SitePolicy, registryUrl: string, now = new Date()): void {
  if (privacy.demonstration) {
    if (!isLoopbackHost(new URL(registryUrl).hostname)) throw new SiteError('POLICY_DEMONSTRATION');
    process.stderr.write(`Privacy audit by a ${DEMONSTRATION_WARNING}.\n`);
  }
  for (const warning of describeWeakness(privacy, now)) process.stderr.write(`${warning}\n`);
}

const WARN_DAYS = 30;

/** What makes a policy weaker than the one that ships: limits, and undecided tests that it accepts. A line each. */
export function describeWeakness(policy: AuditPolicy, now: Date): string[] {
  const limits = weakerLimits(policy).map(
    ({ limit, own, shipped }) => `policy's ${limit} is ${own}, weaker than the ${shipped} that ships`,
  );
  return [...limits, ...describeAcceptances(policy, now)];
}

/** What a policy accepts, a line for each test, and how long it holds. */
function describeAcceptances({ accept }: AuditPolicy, now: Date): string[] {
  return accept.map(({ test, reason, expires }) => {
    const days = daysLeft(expires, now);
    const left = days < 0 ? 'EXPIRED' : days <= WARN_DAYS ? `expires in ${days} days` : 'valid';
    return `policy accepts ${test} undecided until ${expires} (${left}): ${reason}`;
  });
}

/** The text of the policy that ships with the agent: the reference limits, nothing accepted, a word on each field. */
export function policyToBegin(): string {
  const { version, limits, accept } = referencePolicy;
  const file = {
    $comment: [
      'Limits of the privacy audit. docs/hospital-it/policy.md explains each field and its range.',
      'version: the rules that these limits were chosen for.',
      'plantedFoundMin: share of planted copies that the search must find, else the audit is void.',
      'plantedFoundMinSmall: the same for images of fewer than 64 pixels a side.',
      'nearCopyTail: share of honest images that may look like copies by chance; sets the threshold.',
      'nearCopiesMax: copies of training films that may remain.',
      'closenessShareMax: share of images nearer to training than to held-out patients; .5 is chance.',
      'membershipAucMax: AUC of the best membership attack; .5 is chance.',
      'membershipRateMax: share of training patients named at 1 % false alarms; .01 is chance.',
      'accept: undecided tests that you accept, each with test, reason and expires (YYYY-MM-DD).',
      'resultMinPerClass: fewest films of a class at which an AUC leaves the site.',
      'remoteScoresMax: classifiers that may ever be scored on the sealed hold-out.',
      'realTrainingStepsMax: steps that your own films may be trained with for one comparison; 0: none.',
    ],
    version,
    limits,
    accept,
    resultMinPerClass: RESULT_MIN_PER_CLASS,
    remoteScoresMax: REMOTE_SCORES_MAX,
    realTrainingStepsMax: REAL_TRAINING_STEPS_MAX,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
