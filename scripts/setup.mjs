import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setUp } from './setup/set-up.mjs';

/** `npm run setup [-- --gpu] [-- --only STEP …]`: brings what is missing and does nothing the second time. */
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exit(await setUp(readOptions()));
}

function readOptions() {
  try {
    return parseArgs({ options: { only: { type: 'string', multiple: true }, gpu: { type: 'boolean' } } })
      .values;
  } catch (error) {
    console.error(`BAD_OPTION: ${error.message}. Use: npm run setup [-- --gpu] [-- --only STEP …]`);
    process.exit(64); // `usage` of EXIT_CODES, which plain Node can't import
  }
}
