import { isLoopbackHost } from '@synspine/audit-rules';
import type { ExitName } from './exit-codes.ts';

/** Why nothing is sent to an address: how a program ends then, and what to do next. */
const CONNECTION_ERRORS = {
  REGISTRY_REDIRECTED: [
    'configuration',
    'The registry’s address sends to another one, which is never followed. Ask the registry’s admin for its address, and give that.',
  ],
  REGISTRY_INSECURE: [
    'configuration',
    'An http:// address lets everybody on the way read codes and tokens. Give the registry’s https:// address; http:// is for this machine alone.',
  ],
} as const satisfies Record<string, readonly [ExitName, nextStep: string]>;

type ConnectionErrorCode = keyof typeof CONNECTION_ERRORS;

/** A broken promise about where a client sends to, by its code in {@link CONNECTION_ERRORS}. */
export class ConnectionError extends Error {
  readonly code: ConnectionErrorCode;
  /** How a program ends with it. */
  readonly exit: ExitName;

  constructor(code: ConnectionErrorCode, detail?: string) {
    const [exit, nextStep] = CONNECTION_ERRORS[code];
    super(`${code}: ${nextStep}${detail ? ` (${detail})` : ''}`);
    this.name = 'ConnectionError';
    this.code = code;
    this.exit = exit;
  }
}

/** Throws REGISTRY_INSECURE for an http:// address of another machine. */
export function requireSecure(address: string): void {
  const { protocol, hostname } = new URL(address);
  if (protocol !== 'https:' && !isLoopbackHost(hostname)) throw new ConnectionError('REGISTRY_INSECURE');
}

/**
 * Throws REGISTRY_REDIRECTED for the answer of a `fetch` with `redirect: 'manual'` that sends elsewhere. A browser hides
 * such an answer's status.
 */
export function refuseRedirect(response: Response): void {
  const isRedirect = response.status >= 300 && response.status < 400 && response.status !== 304;
  if (!isRedirect && response.type !== 'opaqueredirect') return;
  throw new ConnectionError('REGISTRY_REDIRECTED', describeTarget(response));
}

/** The origin alone: a path may hold anything. */
function describeTarget({ headers, url }: Response): string | undefined {
  const target = headers.get('location') ?? '';
  return URL.canParse(target, url) ? `to ${new URL(target, url).origin}` : undefined;
}
