import { describe, expect, it } from 'vitest';
import { isLoopbackHost } from './loopback.ts';
import { describeTestState, isDemonstration, stateOfAudit, stateOfTest } from './state.ts';

const acceptance = {
  test: 'membershipAuc',
  reason: 'pilot of forty patients',
  expires: '2027-03-31',
} as const;

describe('an audit', () => {
  it('is shown as passed only where nothing had to be accepted', () => {
    expect(stateOfAudit({ decision: 'approve', accepted: [] })).toBe('passed');
    expect(stateOfAudit({ decision: 'approve', accepted: [acceptance] })).toBe('accepted');
    expect(stateOfAudit({ decision: 'reject', accepted: [] })).toBe('rejected');
    expect(stateOfAudit({ decision: 'undecided' })).toBe('undecided');
  });

  it('of an agent before 0.2 that accepted whatever was undecided is shown as accepted', () => {
    const acceptedUndecided = { reason: 'public films' };
    expect(stateOfAudit({ decision: 'approve', acceptedUndecided })).toBe('accepted');
    expect(stateOfAudit({ decision: 'approve', acceptedUndecided: null })).toBe('passed');
    const test = { verdict: 'undecided' } as const;
    expect(describeTestState(test, { acceptedUndecided })).toBe('accepted by policy: “public films”');
  });

  it('is a demonstration by its policy alone', () => {
    expect(isDemonstration({ policy: { demonstration: true } })).toBe(true);
    expect(isDemonstration({ policy: { demonstration: false } })).toBe(false);
    expect(isDemonstration({})).toBe(false);
  });
});

describe('a test', () => {
  it('is accepted only where the policy names it, with reason and last day', () => {
    const undecided = { key: 'membershipAuc', verdict: 'undecided' } as const;
    const audit = { accepted: [acceptance] };
    expect(describeTestState(undecided, audit)).toBe(
      'accepted by policy until 2027-03-31: “pilot of forty patients”',
    );
    expect(stateOfTest({ ...undecided, key: 'membershipRate' }, audit).state).toBe('undecided');
    expect(stateOfTest({ ...undecided, verdict: 'pass' }, audit).state).toBe('passed');
    expect(stateOfTest({ ...undecided, verdict: 'fail' }, audit).state).toBe('rejected');
  });
});

describe('a host is this machine', () => {
  it.each(['127.0.0.1', '127.255.0.7', '::1', '[::1]', 'localhost', 'LOCALHOST', 'registry.localhost'])(
    '%s',
    (host) => expect(isLoopbackHost(host)).toBe(true),
  );

  const others = [
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '127.0.0.1.example.org',
    '127.0.0.256',
    '127.1',
    'localhost.example',
  ];
  it.each([...others, 'notlocalhost', '10.0.0.1', '', '[::1', '::ffff:10.0.0.1'])('but not %s', (host) =>
    expect(isLoopbackHost(host)).toBe(false),
  );
});
