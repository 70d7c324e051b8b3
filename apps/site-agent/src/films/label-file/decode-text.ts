const UTF16_LITTLE_MARK = [0xff, 0xfe];
const UTF16_BIG_MARK = [0xfe, 0xff];

/**
 * The text of a label file in whatever encoding a spreadsheet or a hospital's system wrote it: UTF-8, UTF-16 with or without a
 * mark, else GB18030 (Chinese systems) or Windows-1252 (western ones). A text that is taken for the wrong one of the last
 * two holds unknown words, which are refused: it can't turn a finding into another.
 */
export function decodeText(bytes: Uint8Array): string {
  const encoding = detectUtf16(bytes) ?? (isUtf8(bytes) ? 'utf-8' : detectLegacy(bytes));
  return new TextDecoder(encoding).decode(bytes); // leaves a byte order mark out
}

function detectUtf16(bytes: Uint8Array): string | undefined {
  const starts = (mark: number[]) => mark.every((byte, i) => bytes[i] === byte);
  if (starts(UTF16_LITTLE_MARK)) return 'utf-16le';
  if (starts(UTF16_BIG_MARK)) return 'utf-16be';
  // A header is ASCII enough that every second byte of it is 0; no other encoding has a 0 at all.
  const zero = bytes.subarray(0, 64).indexOf(0);
  if (zero < 0) return undefined;
  return zero % 2 === 1 ? 'utf-16le' : 'utf-16be';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Chinese characters are pairs of high bytes, so that high bytes come in even runs; accented letters mostly stand alone. */
function detectLegacy(bytes: Uint8Array): string {
  let [even, odd] = [0, 0];
  for (let i = 0, run = 0; i <= bytes.length; i++) {
    if (i < bytes.length && bytes[i]! >= 0x80) run++;
    else {
      if (run % 2) odd++;
      else if (run > 0) even++;
      run = 0;
    }
  }
  return even > odd ? 'gb18030' : 'windows-1252';
}
