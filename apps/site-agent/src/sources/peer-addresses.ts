import { BlockList, isIP } from 'node:net';

const PARTS = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/;

/** An address or a network such as 10.1.2.0/24 or fd00::/8. */
export function isNetwork(text: string): boolean {
  const [, address = '', prefix] = PARTS.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (prefix === undefined || Number(prefix) <= (family === 4 ? 32 : 128));
}

/** Tells whether a peer's address lies in one of `networks`. */
export function createAddressCheck(networks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [, address = '', prefix] = PARTS.exec(network) ?? [];
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (peer) => {
    const address = peer?.replace(/^::ffff:(?=\d+\.)/, '') ?? ''; // IPv4 on an IPv6 socket
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}
