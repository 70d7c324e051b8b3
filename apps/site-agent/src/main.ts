import { tolerateClosedPipe } from '@synspine/protocol';
import { describeFailure } from './cli/describe-failure.ts';
import { buildProgram } from './cli/program.ts';

/** Runs one command of `synspine-site` and sets the exit code, one of EXIT_CODES. */
export async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedPipe();
  try {
    await (await buildProgram(commandOf(argv))).parseAsync(argv as string[]);
  } catch (error) {
    const { text, exitCode } = describeFailure(error);
    if (text !== '') process.stderr.write(`${text}\n`);
    process.exitCode = exitCode;
  }
}

/** The command that is called, or whose options a shell asks for: `complete -- run --`. */
function commandOf([, , command, , completed, ...rest]: readonly string[]): string | undefined {
  return command === 'complete' && rest.length > 0 ? completed : command;
}
