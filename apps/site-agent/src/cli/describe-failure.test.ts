import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SiteError } from '../site-error.ts';
import { describeFailure } from './describe-failure.ts';
import { buildProgram } from './program.ts';

describe('describeFailure', () => {
  it('says what to do next about an error of ours', () => {
    const { text, exitCode } = describeFailure(new SiteError('POLICY_MISSING'));
    expect(text).toMatch(/POLICY_MISSING.*synspine-site policy init/);
    expect(exitCode).toBe(78);
  });

  it.each([
    ['STAGE_FAILED', 1],
    ['GENERATOR_REJECTED', 10],
    ['AUDIT_UNDECIDED', 11],
    ['NO_FILMS', 12],
    ['NOTHING_TO_UPLOAD', 12],
    ['OPTION_INVALID', 64],
    ['REGISTRY_UNREACHABLE', 75],
    ['DISK_FULL', 75],
    ['CONFIG_INVALID', 78],
    ['POLICY_INVALID', 78],
  ] as const)('ends %s with its exit code', (code, exitCode) => {
    expect(describeFailure(new SiteError(code)).exitCode).toBe(exitCode);
  });

  it('ends a wrong call with 64, and help with 0', async () => {
    const call = async (...args: string[]) => {
      const program = await buildProgram(args[0]);
      for (const command of [program, ...program.commands])
        command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
      return describeFailure(
        await program.parseAsync(['node', 'synspine-site', ...args]).catch((error: unknown) => error),
      );
    };
    for (const args of [['nothing'], ['status', '--jsn'], ['run', '--loss', 'best'], ['ingest'], []]) {
      const { text, exitCode } = await call(...args);
      expect({ args, exitCode }).toEqual({ args, exitCode: 64 });
      expect(text).toContain('--help');
    }
    expect(await call('status', '--help')).toEqual({ text: '', exitCode: 0 });
    expect(await call('--version')).toEqual({ text: '', exitCode: 0 });
  });

  it('shows of any other error its code and place, never its message: that may name a file, and a file a patient', async () => {
    const error = await readFile('/films/ZZCANARY^JANE.dcm').catch((caught: unknown) => caught);
    const { text } = describeFailure(error);
    expect(text).toContain('ENOENT');
    expect(text).not.toContain('ZZCANARY');
    expect(describeFailure(new Error('ZZCANARY')).text).not.toContain('ZZCANARY');
  });
});
