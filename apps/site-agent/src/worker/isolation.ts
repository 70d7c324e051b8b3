import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The command before `node` that takes the network from a worker process (a network namespace of its own without any
 * interface) and ends it when its parent dies. [] where the system doesn't allow it; `doctor` says so.
 */
export async function findIsolation(): Promise<string[]> {
  const withoutNetwork = ['unshare', '--net', '--map-root-user'];
  const withParent = ['setpriv', '--pdeathsig', 'KILL'];
  const works = async (command: string[]) => {
    try {
      await run(command[0]!, [...command.slice(1), 'true']);
      return true;
    } catch {
      return false;
    }
  };
  if (await works([...withoutNetwork, ...withParent])) return [...withoutNetwork, ...withParent];
  return (await works(withoutNetwork)) ? withoutNetwork : [];
}
