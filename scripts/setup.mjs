import { pathToFileURL } from 'node:url';
import { setUp } from './setup/set-up.mjs';

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exit(await setUp());
}
