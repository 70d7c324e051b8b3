import { describe, expect, it } from 'vitest';
import { createAddressCheck, isNetwork } from './peer-addresses.ts';

describe('createAddressCheck', () => {
  const isAllowed = createAddressCheck(['10.1.2.0/23', '192.168.0.7', 'fd00::/8']);
  it.each(['10.1.2.0', '10.1.3.255', '::ffff:10.1.2.9', '192.168.0.7', 'fd12::1'])('lets %s in', (address) =>
    expect(isAllowed(address)).toBe(true),
  );
  it.each(['10.1.1.255', '10.1.4.0', '192.168.0.8', 'fe80::1', '', undefined])('keeps %s out', (address) =>
    expect(isAllowed(address)).toBe(false),
  );
});

describe('isNetwork', () => {
  it.each(['10.0.0.0/33', '10.0.0', 'fd00::/129', 'pacs.example.org', '10.0.0.1/', ''])(
    'refuses %s',
    (text) => expect(isNetwork(text)).toBe(false),
  );
});
