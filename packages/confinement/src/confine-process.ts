import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAddon } from './addon.ts';

/** What the system took from a process. */
export type Confinement = {
  /** Sockets, other processes, writing to files (seccomp). */
  confined: boolean;
  /** Reading files beside those named (Landlock). */
  readsLimited: boolean;
};

export const NOT_CONFINED: Confinement = { confined: false, readsLimited: false };

/**
 * Takes from this process, for good and in all its threads, what a reader of untrusted files never needs: sockets,
 * other processes, writing to files, core dumps; and, where `folders` are given, reading files outside of them. See
 * native/deny_calls.cc for the list of system calls. `addon` is {@link confinementPath}.
 *
 * What will be loaded later must be loaded before: the loader of TypeScript asks a process of its own for help.
 *
 * What the kernel can't take stays; without any of it, nothing but an own process and its limits isolates.
 */
export function confineProcess(addon: string, folders?: readonly string[]): Confinement {
  const { confine, limitReads } = loadAddon(addon);
  endHelpers();
  const readsLimited =
    folders !== undefined && limitReads([...folders, ...installedPaths(), ...SYSTEM_PATHS], true);
  return { confined: confine(), readsLimited };
}

/** What a process opens late: libraries, random numbers, and what it asks of the machine and of itself. */
const SYSTEM_PATHS: readonly string[] = [
  ...['/usr/lib', '/usr/lib64', '/usr/local/lib', '/lib', '/lib64', '/etc/ld.so.cache'],
  ...['/usr/share/zoneinfo', '/etc/localtime', '/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'],
  ...['/proc/self', '/proc/cpuinfo', '/proc/meminfo', '/sys/devices/system', '/sys/fs/cgroup'],
];

/** This package and what is installed around it: code and networks that are loaded with the first file that needs them. */
function installedPaths(): string[] {
  const paths = [dirname(dirname(fileURLToPath(import.meta.url)))];
  for (let at = paths[0]!; at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, 'node_modules'))) paths.push(realpathSync(join(at, 'node_modules')));
  return paths;
}

/** Ends the loader's compiler, which would obey this process without being confined itself. */
function endHelpers(): void {
  for (const thread of readdirSync('/proc/self/task')) {
    const children = readFileSync(`/proc/self/task/${thread}/children`, 'latin1').trim();
    for (const pid of children.split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  }
}
