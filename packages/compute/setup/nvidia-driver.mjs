import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// CUDA 12 runs on every driver from this branch on (NVIDIA, CUDA Compatibility, "Minor Version Compatibility").
export const driverMin = 525;

/**
 * The NVIDIA driver and the GPUs that it serves; null where there is none. As the kernel shows them, or where it hides them (sandboxed
 * containers such as gVisor's have GPUs and an empty /proc/driver) as nvidia-smi does.
 * @returns {{ version: string, models: string[] } | null}
 */
export function findNvidiaDriver() {
  return readDriver('/proc/driver/nvidia') ?? askNvidiaSmi();
}

/** @param {string} folder as the kernel's /proc/driver/nvidia @returns {{ version: string, models: string[] } | null} */
export function readDriver(folder) {
  const text = readIfThere(join(folder, 'version'));
  const version = text?.match(/Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/)?.[1];
  return version ? { version, models: listModels(join(folder, 'gpus')) } : null;
}

/** @param {string} [command] @returns {{ version: string, models: string[] } | null} */
export function askNvidiaSmi(command = 'nvidia-smi') {
  const query = ['--query-gpu=driver_version,name', '--format=csv,noheader'];
  const { status, stdout } = spawnSync(command, query, { encoding: 'utf8', timeout: 10_000 });
  if (status !== 0) return null; // not installed, or it finds no driver
  const rows = stdout
    .split('\n')
    .map((line) => line.split(', '))
    .filter((row) => row.length > 1);
  const version = rows[0]?.[0];
  return version ? { version, models: rows.map(([, ...name]) => name.join(', ').trim()) } : null;
}

/**
 * One sentence about whether a GPU can be used, ending in what to do where it can't.
 * @param {ReturnType<typeof findNvidiaDriver>} driver
 */
export function describeDriver(driver) {
  if (!driver)
    return `This machine has no NVIDIA driver, so everything runs on the CPU: install driver ${driverMin} or newer to use its GPU.`;
  if (Number.parseInt(driver.version, 10) < driverMin)
    return `The NVIDIA driver ${driver.version} is too old for CUDA 12, so everything runs on the CPU: install ${driverMin} or newer.`;
  if (driver.models.length === 0)
    return `The NVIDIA driver ${driver.version} serves no GPU here: in a container, pass the GPU in (docker run --gpus all).`;
  return `${driver.models.join(', ')}, driver ${driver.version}.`;
}

/** @param {string} folder @returns {string[]} */
function listModels(folder) {
  try {
    return readdirSync(folder)
      .sort()
      .flatMap(
        (name) => readIfThere(join(folder, name, 'information'))?.match(/^Model:\s*(.+?)\s*$/m)?.[1] ?? [],
      );
  } catch {
    return []; // a driver without GPUs has no such folder
  }
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // no driver
  }
}
