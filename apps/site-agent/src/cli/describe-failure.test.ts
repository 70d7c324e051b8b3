import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SiteError } from '../site-error.ts';
import { describeFailure } from './describe-failure.ts';

describe('describeFailure', () => {
  it('says what to do next about an error of ours', () => {
    const { text, exitCode } = describeFailure(new SiteError('POLICY_MISSING'));
    expect(text).toMatch(/POLICY_MISSING.*Put the site’s privacy policy there/);
    expect(exitCode).toBe(1);
  });

  it('exits 78 for a bad setting and for nothing else', () => {
    expect(describeFailure(new SiteError('CONFIG_INVALID')).exitCode).toBe(78);
  });

  it('shows of any other error its code and place, never its message: that may name a file, and a file a patient', async () => {
    const error = await readFile('/films/ZZCANARY^JANE.dcm').catch((caught: unknown) => caught);
    const { text } = describeFailure(error);
    expect(text).toContain('ENOENT');
    expect(text).not.toContain('ZZCANARY');
    expect(describeFailure(new Error('ZZCANARY')).text).not.toContain('ZZCANARY');
  });
});
