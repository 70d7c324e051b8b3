// Run with a limit on file sizes of 1 MiB: tries to store more than that, and less, and prints what came of it.
import { sha256Of } from './digest.ts';
import { createFileStore } from './file-store.ts';

const store = await createFileStore(process.argv[2]!);
const large = new Uint8Array(2 * 1024 * 1024);
const small = new Uint8Array(1_000);
const outcome = (storing: Promise<unknown>) =>
  storing.then(
    () => 'stored',
    (error) => error.code,
  );
const uploadId = await store.createUpload('parts');
console.log(
  JSON.stringify({
    large: await outcome(store.put('large', large, { sha256: sha256Of(large) })),
    part: await outcome(store.putPart(uploadId, 1, large, sha256Of(large))),
    small: await outcome(store.put('small', small, { sha256: sha256Of(small) })),
  }),
);
