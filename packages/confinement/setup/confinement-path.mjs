import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = join(dirname(dirname(fileURLToPath(import.meta.url))), 'native');

/** How g++ is called beside headers, sources and output. */
export const compileFlags = ['-O2', '-std=c++17', '-fPIC', '-fvisibility=hidden', '-shared'];

/** The native sources and headers, in a fixed order. */
export function confinementSources() {
  const names = readdirSync(native).filter((name) => /\.(cc|h)$/.test(name));
  return names.sort().map((name) => join(native, name));
}

/** Whether this machine's system calls are known to native/deny_calls.cc. */
export function canConfine() {
  return process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
}

/** The addon built from exactly these sources and flags: any change gives another path, hence a rebuild. */
export function confinementPath() {
  const hash = createHash('sha256').update(compileFlags.join(' '));
  for (const path of confinementSources()) hash.update(readFileSync(path));
  return join(native, 'build', `confine-${process.arch}-${hash.digest('hex').slice(0, 16)}.node`);
}
