/** Furthest that a copy is sought: twelve hundredths of the side, twelve degrees, a quarter larger or a fifth smaller. */
export const COPIES_SOUGHT = { shift: 0.12, degrees: 12, scale: 1.25 } as const;
