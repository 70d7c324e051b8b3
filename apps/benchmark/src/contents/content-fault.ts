import type { ContentCode } from '@synspine/protocol';

/** A release's contents are not what they must be, by the protocol's code. It says nothing else: files are not quoted. */
export class ContentFault extends Error {
  readonly code: ContentCode;

  constructor(code: ContentCode) {
    super(code);
    this.name = 'ContentFault';
    this.code = code;
  }
}

/** Throws the fault unless `isFine`. */
export function demand(isFine: boolean, code: ContentCode): asserts isFine {
  if (!isFine) throw new ContentFault(code);
}
