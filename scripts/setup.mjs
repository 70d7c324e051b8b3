import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setUp } from './setup/set-up.mjs';

/** `npm run setup [-- --gpu] [-- --only STEP …]`: brings what is missing and does nothing the second time. */
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, gpu: { type: 'boolean' } },
  });
  process.exit(await setUp(values));
}
