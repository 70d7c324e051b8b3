import { homedir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';

/** `--home <dir>`, which the environment can set for a whole machine. Said nowhere, it is a folder of the user's own. */
export function homeOption(description = 'the agent’s folder'): Option {
  const home = process.env.SYNSPINE_HOME || join(homedir(), '.synspine'); // not Option.env: an empty setting is none
  return new Option('--home <dir>', description).default(home, '$SYNSPINE_HOME, else ~/.synspine');
}
