/** Every way in which preparing the compute engine can fail, with what the person at the keyboard does next. */
const nextSteps = {
  PLATFORM_UNSUPPORTED: 'Use Linux on x86-64 with glibc 2.27 or newer.',
  PYTHON_MISSING: 'Install Python 3.9 or newer, so that `python3 --version` works.',
  PIP_MISSING: 'Install pip, so that `python3 -m pip --version` works (Debian: apt install python3-pip).',
  COMPILER_MISSING: 'Install a C++17 compiler, so that `g++ --version` works (Debian: apt install g++).',
  COMPILE_FAILED: 'Check that g++ is version 9 or newer and that node_modules is installed (npm ci).',
  DISK_FULL: 'Free some disk space, or point SYNSPINE_CACHE at a larger disk.',
  DOWNLOAD_FAILED:
    'Check that pip can reach your package index (network, proxy, pip.conf), then run npm run setup again.',
  HASH_MISMATCH:
    'Run npm run setup again; if it repeats, the package index serves an altered file: tell its administrator.',
  UNPACK_FAILED: 'Run npm run setup again; if it repeats, delete the cache folder first.',
};

/** An Error with a `code` (a key of the table above) whose message ends in the next step. */
export class SetupError extends Error {
  /** @param {keyof typeof nextSteps} code @param {string} what went wrong, a sentence without its full stop */
  constructor(code, what) {
    super(`${what}. ${nextSteps[code]}`);
    this.name = 'SetupError';
    this.code = code;
  }
}
