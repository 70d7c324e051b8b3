const P = 2n ** 255n - 19n;
// d of edwards25519 (RFC 8032 §5.1) is −121665/121666.
const [D_NUMERATOR, D_DENOMINATOR] = [-121665n, 121666n];

/**
 * Whether an Ed25519 public key, base64url as in a JWK, lies in the subgroup of order 8: a signature for such a key can be
 * made by anybody. The points of order 1 and 2 have y = ±1, those of order 4 y = 0. One of order 8 doubles to one of order
 * 4, so y² + x² = 0 (RFC 8032 §5.1.4), which with the curve's −x² + y² = 1 + d·x²·y² is d·y⁴ + 2·y² − 1 = 0. Other
 * spellings of y, beyond p or with a sign that no x has, count as the same.
 */
export function isSmallOrder(x: string): boolean {
  const y = readY(x);
  const y2 = (y * y) % P;
  const order8 = D_NUMERATOR * y2 * y2 + D_DENOMINATOR * (2n * y2 - 1n);
  return (y * (y2 - 1n) * order8) % P === 0n;
}

/** The 255 bits of y, little-endian; the last bit is the sign of x. */
function readY(x: string): bigint {
  const bytes = atob(x.replaceAll('-', '+').replaceAll('_', '/'));
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = (number << 8n) | BigInt(bytes.charCodeAt(i));
  return number & (2n ** 255n - 1n);
}
