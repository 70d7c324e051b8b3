import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Takes from this process, for good and in all its threads, what a reader of untrusted films never needs: sockets,
 * other processes, writing to files, core dumps. See native/confine.cc for the list of system calls.
 *
 * What will be loaded later must be loaded before: the loader of TypeScript asks a process of its own for help.
 *
 * @returns false where the kernel has no such filter; then nothing but an own process and its limits isolates
 */
export function confineProcess(addon: string): boolean {
  const { confine } = createRequire(import.meta.url)(addon) as { confine(): boolean };
  endHelpers();
  return confine();
}

/** Ends the loader's compiler, which would obey this process without being confined itself. */
function endHelpers(): void {
  for (const thread of readdirSync('/proc/self/task')) {
    const children = readFileSync(`/proc/self/task/${thread}/children`, 'latin1').trim();
    for (const pid of children.split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  }
}
