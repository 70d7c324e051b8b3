import { describeFailure } from './cli/describe-failure.ts';
import { buildProgram } from './cli/program.ts';

/** Runs one command of `synspine-site` and sets the exit code: 0 done, 78 a bad setting, 1 anything else. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await (await buildProgram(argv[2])).parseAsync(argv as string[]);
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = exitCode;
  }
}
