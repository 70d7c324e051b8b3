/** A word as words are compared: without case, accents, repeated spaces and a full stop at its end. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('đ', 'd') // a letter of its own, which no normal form takes apart
    .replaceAll('ß', 'ss')
    .replace(/[‐‑‒–—−]/g, '-')
    .replace(/[’ʼ`]/g, "'")
    .replace(/[\s_]+/g, ' ')
    .trim()
    .replace(/[.。!]+$/, '')
    .trim();
}
