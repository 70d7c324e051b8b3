import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ownFolder = `${dirname(fileURLToPath(import.meta.url))}/`;

// As installed (node_modules/@tensorflow/tfjs-core/dist/) or as its source maps call it (tfjs-core/src/).
const tfjsFile = /\/tfjs(-[a-z]+)*\/(src|dist)\//;

/**
 * `file:line` of the first frame of an error's stack that is neither of this package, nor of tfjs, nor of Node: the line that a user
 * wrote. Undefined when the stack is too short to hold one.
 */
function callerLine(error: Error): string | undefined {
  for (const frame of (error.stack ?? '').split('\n')) {
    const [, url, line] = /^ +at .*?\(?((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?$/.exec(frame) ?? [];
    if (!url) continue;
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    if (!isInternal(path)) return `${fromHere(path)}:${line}`;
  }
  return undefined;
}

/** Ends a message with the line that `error` leads to. */
export function atLine(message: string, error: Error): string {
  const line = callerLine(error);
  return line ? `${message}. At ${line}` : message;
}

function isInternal(path: string): boolean {
  const own = path.startsWith(ownFolder) && !path.endsWith('.test.ts'); // this package's tests are users of it
  return own || tfjsFile.test(path);
}

function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
