import { tolerateClosedPipe } from '@synspine/protocol';
import { describeFailure } from './cli/describe-failure.ts';
import { buildProgram } from './cli/program.ts';

/** Runs one command of `synspine-site` and sets the exit code, one of EXIT_CODES. */
export async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedPipe();
  try {
    await (await buildProgram(argv[2])).parseAsync(argv as string[]);
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    if (text !== '') process.stderr.write(`${text}\n`);
    process.exitCode = exitCode;
  }
}
