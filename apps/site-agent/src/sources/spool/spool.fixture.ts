import { openSpool } from './spool.ts';

/** Receives films until it is killed, and says the name of each one when it is safe. */
const spool = await openSpool(process.argv[2]!, {
  bytesMax: 1e9,
  filesMax: 1e6,
  filmBytesMax: 1e6,
  freeBytesMin: 0,
});

async function keepReceiving(sender: number): Promise<never> {
  for (let film = 0; ; film++) {
    const intake = await spool.begin({ waitMs: 0 });
    const bytes = Buffer.alloc(20_000, film);
    bytes.write('DICM', 128);
    bytes.write(`${sender}/${film}`, 200);
    for (let at = 0; at < bytes.length; at += 4_000) await intake.write(bytes.subarray(at, at + 4_000));
    const received = await intake.commit();
    if (received.kind === 'stored') process.stdout.write(`${received.name}\n`);
  }
}

await Promise.all([1, 2, 3].map(keepReceiving));
