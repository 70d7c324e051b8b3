import { ProblemError } from '@synspine/protocol';
import { describe, expect, it } from 'vitest';
import { SiteError } from '../site-error.ts';
import { isTransient, retry } from './retry.ts';

const signal = new AbortController().signal;

describe('retry', () => {
  it('tries again while the registry is away, and returns its answer', async () => {
    let calls = 0;
    const send = async () => {
      calls++;
      if (calls < 2) throw new SiteError('REGISTRY_UNREACHABLE');
      return 'published';
    };
    expect(await retry(send, { tries: 3, signal })).toBe('published');
    expect(calls).toBe(2);
  });

  it('gives up after its last try with the last error', async () => {
    let calls = 0;
    const send = async () => {
      calls++;
      throw new ProblemError('STORE_UNAVAILABLE');
    };
    await expect(retry(send, { tries: 2, signal })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(calls).toBe(2);
  });

  it('never repeats what the registry refused for good', async () => {
    let calls = 0;
    const send = async () => {
      calls++;
      throw new ProblemError('SIGNATURE_INVALID');
    };
    await expect(retry(send, { tries: 5, signal })).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    expect(calls).toBe(1);
  });

  it('stops waiting when it is asked to stop', async () => {
    const stop = new AbortController();
    const waiting = retry(() => Promise.reject(new SiteError('REGISTRY_UNREACHABLE')), {
      tries: 9,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 50);
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});

it.each([
  [new SiteError('REGISTRY_UNREACHABLE'), true],
  [new ProblemError('INTERNAL'), true],
  [new ProblemError('RATE_LIMITED'), true],
  [new ProblemError('VERSION_NOT_MONOTONIC'), false],
  [new SiteError('NOT_ENROLLED'), false],
  [new TypeError('a fault of ours'), false],
])('isTransient(%s) is %s', (error, expected) => {
  expect(isTransient(error)).toBe(expected);
});
