import { runCommand } from '../../packages/compute/setup/run-command.mjs';

/** Names of the NVIDIA cards that the driver knows, in its order. Empty where there is no driver. @returns {Promise<string[]>} */
export async function findCards() {
  const { exitCode, output } = await runCommand('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']);
  return exitCode === 0 ? output.trim().split('\n').filter(Boolean) : [];
}
