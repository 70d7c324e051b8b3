/** One part: its headers, names in lower case, and its content as it comes. Read the content before the next part. */
export type Part = { headers: Map<string, string>; content: AsyncGenerator<Buffer> };

/** The body isn't what RFC 2046 section 5.1 says, or ends early. */
export class MultipartError extends Error {
  readonly code = 'MULTIPART_INVALID';
}

const HEADER_BYTES_MAX = 8 * 1024;
const PARTS_MAX = 100_000;
const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');

/** RFC 2046 allows 70 characters; Orthanc sends 73. */
const BOUNDARY = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))\s*(?:;|$)/i;

/** The boundary in a Content-Type of multipart/related with DICOM parts, or null for anything else. */
export function findBoundary(contentType: string | null | undefined): string | null {
  if (!/^multipart\/related\s*(;|$)/i.test(contentType ?? '')) return null;
  const [, quoted, plain] = BOUNDARY.exec(contentType ?? '') ?? [];
  return quoted ?? plain ?? null;
}

/**
 * Splits a multipart body while it streams: no part is ever held whole. The source is read only as fast as the parts are.
 * Throws {@link MultipartError}.
 */
export async function* splitMultipart(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const window = createWindow(source);
  window.prepend(CRLF); // so that a boundary at the very start looks like the others
  for await (const _ of window.until(delimiter)); // the preamble means nothing
  for (let parts = 0; !(await isEnd(window)); parts++) {
    if (parts >= PARTS_MAX) throw new MultipartError('too many parts');
    const headers = await readHeaders(window);
    let isRead = false;
    const content = (async function* () {
      yield* window.until(delimiter);
      isRead = true;
    })();
    yield { headers, content };
    for await (const _ of content); // what the caller left
    if (!isRead) for await (const _ of window.until(delimiter)); // its loop was broken off
  }
}

/** After a boundary: `--` ends the body, a line end begins a part; spaces may come before it. */
async function isEnd(window: Window): Promise<boolean> {
  if ((await window.peek(2)).equals(Buffer.from('--'))) return true;
  const padding = await window.take(CRLF, 256);
  if (!/^[ \t]*$/.test(padding.toString('latin1'))) throw new MultipartError('bad boundary line');
  return false;
}

async function readHeaders(window: Window): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  if ((await window.peek(2)).equals(CRLF)) {
    await window.take(CRLF, 2);
    return headers;
  }
  const text = (await window.take(BLANK_LINE, HEADER_BYTES_MAX)).toString('latin1');
  for (const line of text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new MultipartError('bad header');
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

type Window = {
  prepend(bytes: Buffer): void;
  /** The next `length` bytes without taking them. */
  peek(length: number): Promise<Buffer>;
  /** What stands before `mark`, taken together with it. */
  take(mark: Buffer, bytesMax: number): Promise<Buffer>;
  /** What stands before `mark`, as it comes; the mark itself is taken last. */
  until(mark: Buffer): AsyncGenerator<Buffer>;
};

/** A view of the stream that holds one chunk, and the tail that may be the beginning of a mark. */
function createWindow(source: AsyncIterable<Uint8Array>): Window {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async () => {
    const next = await chunks.next();
    if (next.done) throw new MultipartError('the body ends early');
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
  };
  const takeBytes = (length: number) => {
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  };
  return {
    prepend: (bytes) => {
      held = Buffer.concat([bytes, held]);
    },
    peek: async (length) => {
      while (held.length < length) await more();
      return held.subarray(0, length);
    },
    take: async (mark, bytesMax) => {
      for (;;) {
        const at = held.indexOf(mark);
        if (at > bytesMax || (at < 0 && held.length > bytesMax + mark.length))
          throw new MultipartError('a header is too long');
        if (at < 0) await more();
        else return takeBytes(at + mark.length).subarray(0, at);
      }
    },
    async *until(mark) {
      for (;;) {
        const at = held.indexOf(mark);
        const free = at >= 0 ? at : held.length - (mark.length - 1); // the rest may begin a mark
        if (free > 0) yield takeBytes(free);
        if (at >= 0) {
          takeBytes(mark.length);
          return;
        }
        await more();
      }
    },
  };
}
