import { SiteError } from '../../site-error.ts';
import { findBoundary } from '../multipart/split-multipart.ts';

export type DicomWebAccess = { url: string; authorization?: string; idleMs: number; signal: AbortSignal };

/** An object of DICOM JSON (PS3.18 annex F): elements by tag. */
export type JsonObject = Record<string, { vr: string; Value?: unknown[] }>;

export type DicomWebClient = {
  /** QIDO-RS (PS3.18 section 10.6). `path` is below the configured URL. */
  search(path: string, query: Record<string, string>): Promise<JsonObject[]>;
  /** WADO-RS (PS3.18 section 10.4) of DICOM files, as a stream. */
  retrieve(path: string): Promise<{ body: AsyncIterable<Uint8Array>; boundary: string }>;
};

const JSON_BYTES_MAX = 64 * 1024 * 1024;
/** As stored; the server would otherwise decompress (PS3.18 section 8.7.3.5.2). */
const FILM_TYPE = 'multipart/related; type="application/dicom"; transfer-syntax=*';

/**
 * A client of one server: every request goes below `url`, no redirect is followed, and no address of an answer is used.
 * Throws PULL_UNREACHABLE, PULL_REFUSED, PULL_REDIRECTED, PULL_INVALID.
 */
export function createDicomWebClient(access: DicomWebAccess): DicomWebClient {
  const base = access.url.replace(/\/+$/, '');
  return {
    search: async (path, query) => {
      const url = `${base}${path}?${new URLSearchParams(query)}`;
      const { response, watched } = await request(access, url, 'application/dicom+json');
      return response.status === 204 ? [] : readJson(watched);
    },
    retrieve: async (path) => {
      const { response, watched } = await request(access, `${base}${path}`, FILM_TYPE);
      const boundary = findBoundary(response.headers.get('content-type'));
      if (!boundary) throw new SiteError('PULL_INVALID', 'the films are not multipart/related');
      return { body: watched, boundary };
    },
  };
}

type Answer = { response: Response; watched: AsyncIterable<Uint8Array> };

async function request(access: DicomWebAccess, url: string, accept: string): Promise<Answer> {
  const headers = { accept, ...(access.authorization && { authorization: access.authorization }) };
  const idle = new AbortController();
  const signal = AbortSignal.any([access.signal, idle.signal]);
  const response = await withinIdle(access, idle, () => fetch(url, { headers, redirect: 'manual', signal }));
  if (response.status >= 300 && response.status < 400) throw new SiteError('PULL_REDIRECTED');
  if (response.status >= 500) throw new SiteError('PULL_UNREACHABLE', `status ${response.status}`);
  if (!response.ok) throw new SiteError('PULL_REFUSED', `status ${response.status}`);
  return { response, watched: watchBody(access, idle, response) };
}

/** The body's bytes; a server that sends nothing for `idleMs` is given up. */
async function* watchBody(
  access: DicomWebAccess,
  idle: AbortController,
  { body }: Response,
): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const next = await withinIdle(access, idle, () => reader.read());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // the connection is of no more use
  }
}

async function withinIdle<T>(
  { idleMs, signal }: DicomWebAccess,
  idle: AbortController,
  act: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => idle.abort(), idleMs);
  try {
    return await act();
  } catch (cause) {
    signal.throwIfAborted(); // we were asked to stop
    throw new SiteError('PULL_UNREACHABLE', undefined, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function readJson(body: AsyncIterable<Uint8Array>): Promise<JsonObject[]> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > JSON_BYTES_MAX) throw new SiteError('PULL_INVALID', 'a list is larger than 64 MiB');
    parts.push(part);
  }
  const value = parse(Buffer.concat(parts).toString('utf8'));
  if (!Array.isArray(value)) throw new SiteError('PULL_INVALID', 'a list is not DICOM JSON');
  return value as JsonObject[];
}

function parse(text: string): unknown {
  try {
    return text === '' ? [] : JSON.parse(text);
  } catch {
    return undefined; // refused by the caller, without a text that quotes it
  }
}

/** The first value of an element as text, or '' when there is none. */
export function firstValue(object: JsonObject, tag: string): string {
  const value = object?.[tag]?.Value?.[0];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
