#!/usr/bin/env node
import 'tsx';

const { main } = await import('../src/main.ts');
const { describeFailure } = await import('../src/describe-failure.ts');
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  const { text, exitCode } = describeFailure(error);
  if (text !== '') process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}
