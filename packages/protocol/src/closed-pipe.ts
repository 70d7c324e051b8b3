/**
 * Lets a program go on when nobody reads its output any more, as in `synspine-site status | head -1`: what can't be written is
 * dropped, and the work and its exit code stay what they are. Other errors of the streams are thrown, as without this.
 */
export function tolerateClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}
