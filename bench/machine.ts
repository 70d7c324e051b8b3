import { availableParallelism, cpus, totalmem } from 'node:os';

export type Versions = Record<string, string>;

/** What the figures were measured on. Versions are those that the contenders report of themselves. */
export function describeMachine(versions: Versions) {
  return {
    cpu: cpus()[0]!.model.trim(),
    cores: availableParallelism(),
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    versions: { node: process.version, ...versions },
  };
}
