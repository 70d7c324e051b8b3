import { spawnSync } from 'node:child_process';

/** @typedef {{ code: string, message: string }} Missing */

const runs = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * What a fresh machine must bring; everything else is fetched. The first missing thing is returned as one line that
 * says what to install, or null.
 * @param {boolean} tensors whether TensorFlow is to be fetched and built against
 * @returns {Missing | null}
 */
export function findMissing(tensors) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return {
      code: 'NODE_TOO_OLD',
      message: `Node ${process.versions.node} is too old: install Node 20.19 or later.`,
    };
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      code: 'PLATFORM_UNSUPPORTED',
      message: `Synspine runs on Linux x86-64; this is ${process.platform} ${process.arch}.`,
    };
  }
  if (!tensors) return null;
  if (!runs('python3', ['--version'])) {
    return {
      code: 'PYTHON_MISSING',
      message: 'Python 3 is missing: install it (Debian: apt-get install python3 python3-pip).',
    };
  }
  if (!runs('python3', ['-m', 'pip', '--version'])) {
    return {
      code: 'PIP_MISSING',
      message: 'pip is missing: install it (Debian: apt-get install python3-pip).',
    };
  }
  if (!runs('g++', ['--version'])) {
    return {
      code: 'COMPILER_MISSING',
      message: 'A C++17 compiler is missing: install g++ (Debian: apt-get install g++).',
    };
  }
  return null;
}
