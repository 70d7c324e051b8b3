#!/usr/bin/env node
import 'tsx';

const { main } = await import('../src/main.ts');
const { describeFailure } = await import('../src/describe-failure.ts');
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exit(1);
}
