import { InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config.ts';

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

export function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('expected 1 or more');
  return number;
}

export function share(text: string): number {
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || Number(text) > 1)
    throw new InvalidArgumentError('expected 0 to 1');
  return Number(text);
}

/** λ: 0 would be no judge at all. */
export function positiveShare(text: string): number {
  if (share(text) === 0) throw new InvalidArgumentError('expected more than 0, up to 1');
  return share(text);
}

/** `--reference-policy`, which nothing but this flag can ask for. */
export function referencePolicyOption(): Option {
  return new Option(
    '--reference-policy',
    'for trials: where there is no policy.json, use the policy that ships with the agent',
  );
}

/** Says aloud which policy holds when the flag is there. */
export function withReferencePolicy(config: Config, isAsked: boolean | undefined): Config {
  if (!isAsked) return config;
  process.stderr.write(
    'Using the reference policy that ships with the agent, as --reference-policy asks; nobody at this site signed it off.\n',
  );
  return { ...config, usesReferencePolicy: true };
}

/** A flag goes before the environment. */
export function withThreads(config: Config, threads?: number): Config {
  return threads ? { ...config, threads } : config;
}
