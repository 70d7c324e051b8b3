import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = join(dirname(dirname(fileURLToPath(import.meta.url))), 'native');
export const confinementSource = join(native, 'confine.cc');

/** Whether this machine's system calls are known to native/confine.cc. */
export function canConfine() {
  return process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
}

/** The addon built from exactly this source: any change gives another path, hence a rebuild. */
export function confinementPath() {
  const hash = createHash('sha256').update(readFileSync(confinementSource)).digest('hex').slice(0, 16);
  return join(native, 'build', `confine-${process.arch}-${hash}.node`);
}
