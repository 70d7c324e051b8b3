import { expect, it } from 'vitest';
import { requireAgentVersion } from './agent-version.ts';

it.each(['0.4.0', '0.4.1', '0.10.0', '1.0.0', '0.4.0-beta.2'])(
  'takes %s where 0.4.0 is the oldest',
  (version) => {
    expect(() => requireAgentVersion(version, '0.4.0')).not.toThrow();
  },
);

it.each(['0.3.9', '0.3.99', '0.0.1', 'newest', ''])('asks for an upgrade of %s', (version) => {
  expect(() => requireAgentVersion(version, '0.4.0')).toThrowError(
    expect.objectContaining({ code: 'UPGRADE_REQUIRED' }),
  );
});
