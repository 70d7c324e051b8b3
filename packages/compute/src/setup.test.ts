import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureAddon } from '../setup/build-addon.mjs';
import { inceptionWeightsPath, nvidiaLibraryNames } from '../setup/cache.mjs';
import { ensureInception } from '../setup/fetch-inception.mjs';
import { ensureTensorflow } from '../setup/fetch-tensorflow.mjs';
import { bytesBelow } from '../setup/fetch-wheel.mjs';
import { installFolder, isInstalled, requireDiskSpace } from '../setup/install-folder.mjs';
import { gpuWheels } from '../setup/tensorflow-wheels.mjs';
import { unpack } from '../setup/unpack.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'synspine-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs one setup step in a process of its own, with an empty cache, and returns how it failed. */
function failure(
  module: string,
  step: string,
  env: Record<string, string> = {},
): { code: string; message: string } {
  const url = new URL(`../setup/${module}.mjs`, import.meta.url).href;
  const script = `import(${JSON.stringify(url)}).then((m) => m.${step}()).then(
    () => console.log('{}'),
    ({ code, message }) => console.log(JSON.stringify({ code, message })))`;
  const cache = join(folder, 'cache');
  const options = { env: { ...process.env, SYNSPINE_CACHE: cache, ...env }, encoding: 'utf8' as const };
  return JSON.parse(execFileSync(process.execPath, ['-e', script], options));
}

/** A folder for PATH that holds nothing but Python without pip. */
function pythonWithoutPip(): string {
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(folder, 'venv')]);
  return join(folder, 'venv', 'bin');
}

/** A well-formed wheel under the right name that isn't TensorFlow. */
function falseWheel(): string {
  const name = 'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl';
  const script = `
import sys, zipfile
info = "tensorflow_cpu-2.21.0.dist-info/"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tensorflow-cpu\\nVersion: 2.21.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nTag: cp312-cp312-manylinux_2_27_x86_64\\n")
    wheel.writestr(info + "RECORD", "")`;
  mkdirSync(join(folder, 'index'));
  execFileSync('python3', ['-c', script, join(folder, 'index', name)]);
  return join(folder, 'index');
}

describe('setup', () => {
  it('does nothing, within 100 ms, once everything is in the cache', async () => {
    const progress: [number, string][] = [];
    const onProgress = (fraction: number, message: string) => progress.push([fraction, message]);
    const before = process.cpuUsage();
    await ensureTensorflow({ onProgress });
    const addon = await ensureAddon({ onProgress });
    const weights = await ensureInception({ onProgress });
    const { user, system } = process.cpuUsage(before); // not the clock, which a busy machine stretches
    expect((user + system) / 1000).toBeLessThan(100);
    expect(progress.map(([fraction]) => fraction)).toEqual([1, 1, 1]);
    expect([existsSync(addon), existsSync(weights), weights]).toEqual([true, true, inceptionWeightsPath()]);
  });

  it('says what to install when Python, pip or the compiler is missing', () => {
    expect(failure('fetch-tensorflow', 'ensureTensorflow', { PATH: folder })).toMatchObject({
      code: 'PYTHON_MISSING',
      message: expect.stringContaining('Install Python'),
    });
    expect(failure('fetch-inception', 'ensureInception', { PATH: pythonWithoutPip() })).toMatchObject({
      code: 'PIP_MISSING',
      message: expect.stringContaining('Install pip'),
    });
    expect(failure('build-addon', 'ensureAddon', { PATH: folder })).toMatchObject({
      code: 'COMPILER_MISSING',
      message: expect.stringContaining('apt install g++'),
    });
  });

  it('passes on why g++ failed', () => {
    const { code, message } = failure('build-addon', 'ensureAddon'); // the empty cache has no TensorFlow headers
    expect(code).toBe('COMPILE_FAILED');
    expect(message).toMatch(/tensorflow\/c\/.*No such file/);
  });

  it('says that the package index could not be reached, and leaves nothing behind', () => {
    const env = {
      PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
      PIP_RETRIES: '0',
      PIP_CONFIG_FILE: '/dev/null',
    };
    const { code, message } = failure('fetch-tensorflow', 'ensureTensorflow', env);
    expect(code).toBe('DOWNLOAD_FAILED');
    expect(message).toMatch(/tensorflow-cpu==2.21.0.*npm run setup again/);
    expect(readdirSync(join(folder, 'cache', 'downloads'))).toEqual([]);
  });

  it('refuses a wheel whose hash is not the pinned one', () => {
    const env = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: falseWheel(), PIP_CONFIG_FILE: '/dev/null' };
    expect(failure('fetch-tensorflow', 'ensureTensorflow', env)).toMatchObject({ code: 'HASH_MISMATCH' });
    expect(readdirSync(join(folder, 'cache', 'downloads'))).toEqual([]);
  });

  it('says so when the disk is too small', () => {
    expect(() => requireDiskSpace(join(folder, 'new'), 1)).not.toThrow();
    expect(() => requireDiskSpace(folder, 1e18)).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
  });
});

describe('unpack', () => {
  it('keeps programs executable and other files not, and takes only what it is asked for', async () => {
    const archive = join(folder, 'wheel.whl');
    const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    for name, mode in [("nvidia/bin/ptxas", 0o755), ("nvidia/lib/a.so", 0o644), ("other/file", 0o644)]:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o100000 | mode) << 16
        wheel.writestr(entry, name)`;
    execFileSync('python3', ['-c', script, archive]);
    await unpack({ archive, strip: '', target: join(folder, 'out'), names: ['nvidia/'] });
    const mode = (name: string) => statSync(join(folder, 'out', name)).mode & 0o111;
    expect([mode('nvidia/bin/ptxas'), mode('nvidia/lib/a.so')]).toEqual([0o111, 0]);
    expect(readdirSync(join(folder, 'out'))).toEqual(['nvidia']);
  });
});

describe('fetchWheel', () => {
  it('reports progress while pip moves files about under its feet', async () => {
    const moving = join(folder, 'moving');
    mkdirSync(join(moving, 'a', 'b'), { recursive: true });
    writeFileSync(join(moving, 'a', 'b', 'c'), 'four');
    expect(bytesBelow(moving)).toBe(4);
    const churn = spawn(
      'sh',
      ['-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); mkdir -p d$((i%9))/e; rm -rf d$(((i+4)%9)); done'],
      {
        cwd: moving,
      },
    );
    await once(churn, 'spawn');
    const sizes = Array.from({ length: 2000 }, () => bytesBelow(moving));
    churn.kill();
    await once(churn, 'close');
    expect(new Set(sizes)).toEqual(new Set([4]));
  });
});

describe('the GPU build', () => {
  it('is pinned by hash, with every library that is loaded before TensorFlow starts', () => {
    expect(
      gpuWheels.every(({ sha256, requirement }) => /^[0-9a-f]{64}$/.test(sha256) && /==/.test(requirement)),
    ).toBe(true);
    expect(new Set(gpuWheels.map(({ sha256 }) => sha256)).size).toBe(gpuWheels.length);
    const parts = gpuWheels.flatMap(
      ({ requirement }) => /^nvidia-(.*)-cu12==/.exec(requirement)?.[1]?.replaceAll('-', '_') ?? [],
    );
    expect(new Set(nvidiaLibraryNames.map(([part]) => part))).toEqual(
      new Set(parts.filter((part) => part !== 'cuda_nvcc')),
    );
  });
});

describe('installFolder', () => {
  const target = () => join(folder, 'installed');
  const fill = (text: string) => async (temporary: string) => {
    mkdirSync(join(temporary, 'sub'));
    writeFileSync(join(temporary, 'sub', 'file'), text);
  };

  it('leaves nothing when filling fails, and succeeds the next time', async () => {
    const failing = installFolder(target(), async (temporary) => {
      writeFileSync(join(temporary, 'half'), 'x');
      throw new Error('interrupted');
    });
    await expect(failing).rejects.toThrow('interrupted');
    expect(readdirSync(folder)).toEqual([]);
    await installFolder(target(), fill('whole'));
    expect(isInstalled(target())).toBe(true);
  });

  it('notices a file that was cut short or removed, and installs again', async () => {
    await installFolder(target(), fill('whole'));
    writeFileSync(join(target(), 'sub', 'file'), 'who');
    expect(isInstalled(target())).toBe(false);
    await installFolder(target(), fill('whole'));
    expect(isInstalled(target())).toBe(true);
    rmSync(join(target(), 'sub', 'file'));
    expect(isInstalled(target())).toBe(false);
  });

  it('lets two processes install at once', async () => {
    await Promise.all([installFolder(target(), fill('same')), installFolder(target(), fill('same'))]);
    expect(isInstalled(target())).toBe(true);
    expect(readdirSync(folder)).toEqual(['installed']);
  });

  it('removes what a killed process has left', async () => {
    mkdirSync(`${target()}.tmp-999999999-00000000`);
    await installFolder(target(), fill('whole'));
    expect(readdirSync(folder)).toEqual(['installed']);
  });
});
