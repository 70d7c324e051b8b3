import { describe, expect, it } from 'vitest';
import { parsePolicy, referencePolicy } from './policy.ts';

describe('a policy file', () => {
  it('is read back as it was written', () => {
    expect(parsePolicy(JSON.parse(JSON.stringify(referencePolicy)))).toEqual(referencePolicy);
    const accepting = { ...referencePolicy, acceptUndecided: { reason: 'pilot with 40 patients' } };
    expect(parsePolicy(accepting)).toEqual(accepting);
  });

  it.each(Object.keys(referencePolicy))('has no default: %s must be there', (field) => {
    const { [field]: _, ...rest } = referencePolicy as Record<string, unknown>;
    expect(codeOf(rest)).toBe('policy-invalid');
  });

  const wrong: [string, Record<string, unknown>][] = [
    ['a limit as text', { closenessShareMax: '0.55' }],
    ['a limit that isn’t a number', { closenessShareMax: Number.NaN }],
    ['a limit that could fail nothing', { membershipAucMax: 1 }],
    ['a limit below what independence gives', { membershipRateMax: 0.001 }],
    ['a positive control that may miss most', { plantedFoundMin: 0.5 }],
    ['near copies allowed', { nearCopiesMax: 3 }],
    ['no tail', { nearCopyTail: 0 }],
    ['an unknown field', { closenesShareMax: 0.55 }],
    ['an empty reason', { acceptUndecided: { reason: '       ' } }],
    ['a reason beside something else', { acceptUndecided: { reason: 'long enough', silently: true } }],
    ['a nameless version', { version: '' }],
  ];

  it.each(wrong)('is refused with a code: %s', (_name, change) => {
    expect(codeOf({ ...referencePolicy, ...change })).toBe('policy-invalid');
  });

  it('is refused when it is no object', () => {
    for (const value of [null, undefined, [], 'policy', 3]) expect(codeOf(value)).toBe('policy-invalid');
  });

  it('takes limits at the ends of their ranges', () => {
    expect(codeOf({ ...referencePolicy, closenessShareMax: 0.5, membershipAucMax: 0.75 })).toBe(undefined);
    expect(codeOf({ ...referencePolicy, closenessShareMax: 0.499 })).toBe('policy-invalid');
  });
});

function codeOf(value: unknown): string | undefined {
  try {
    parsePolicy(value);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
