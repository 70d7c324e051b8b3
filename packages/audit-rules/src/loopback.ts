/**
 * Whether a host is this very machine by its name alone: 127.0.0.0/8 (RFC 1122 §3.2.1.3), ::1 (RFC 4291 §2.5.3), `localhost` and
 * names below it (RFC 6761 §6.3). What a name server says doesn't count. Takes what a URL calls `hostname`, brackets and all.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === '::1' || name === 'localhost' || name.endsWith('.localhost')) return true;
  const parts = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(name)?.slice(1);
  return parts?.every((part) => Number(part) <= 255) ?? false;
}
