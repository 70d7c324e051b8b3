/** Bytes without a pattern that a network could profit from, the same every time. */
export function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
}
