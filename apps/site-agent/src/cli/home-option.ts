import { Option } from 'commander';
import { defaultHome } from '../config.ts';

/** `--home <dir>`, which the environment can set for a whole machine. Said nowhere, it is a folder of the user's own. */
export function homeOption(description = 'the agent’s folder'): Option {
  return new Option('--home <dir>', description).default(defaultHome(), '$SYNSPINE_HOME, else ~/.synspine');
}
