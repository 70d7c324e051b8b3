import { ProblemError } from '@synspine/protocol';

/** Deep enough for every document of ours, far too shallow to exhaust a stack. */
const DEPTH_MAX = 64;

// One JSON token at a time; JSON.parse has already vouched for the syntax.
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const COLON = /[ \t\r\n]*:/y;

/**
 * JSON.parse that also refuses what JSON.parse lets through silently: a key named twice in one object (the last one
 * would win, so two readers could see two documents), ill-formed UTF-8, a byte order mark and nesting beyond 64.
 * Takes text or raw bytes. Throws `DUPLICATE_JSON_KEY` or `VALIDATION_FAILED`.
 */
export function parseStrictJson(input: string | Uint8Array): unknown {
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  const value = parse(text);
  refuseDuplicateKeys(text);
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProblemError('VALIDATION_FAILED', 'the text is not UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError('VALIDATION_FAILED', 'the text is not JSON'); // the parser's own message quotes the text
  }
}

function refuseDuplicateKeys(text: string): void {
  const open: (Set<string> | null)[] = []; // an object's keys so far; null for an array
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '{' || c === '[') {
      if (open.push(c === '{' ? new Set() : null) > DEPTH_MAX)
        throw new ProblemError('VALIDATION_FAILED', `nested deeper than ${DEPTH_MAX}`);
    } else if (c === '}' || c === ']') open.pop();
    else if (c === '"') {
      const end = endOf(STRING, text, at);
      if (endOf(COLON, text, end) > end) addKey(open.at(-1), text.slice(at, end));
      at = end - 1;
    }
  }
}

function endOf(token: RegExp, text: string, at: number): number {
  token.lastIndex = at;
  return token.test(text) ? token.lastIndex : at;
}

function addKey(keys: Set<string> | null | undefined, quoted: string): void {
  const key = JSON.parse(quoted) as string; // "a" and "\u0061" are one key
  if (keys?.has(key)) throw new ProblemError('DUPLICATE_JSON_KEY');
  keys?.add(key);
}
