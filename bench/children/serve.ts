import { createInterface } from 'node:readline';

/**
 * A contender's side of the conversation: one JSON request a line on standard input, one JSON answer a line on standard output. A
 * contender works only between the two, so the others have the machine to themselves.
 */
export async function serve(
  commands: Record<string, (request: Record<string, unknown>) => Promise<object>>,
): Promise<void> {
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as { command: string };
    const answer = await commands[request.command]!(request);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
