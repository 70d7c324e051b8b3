/** Largest film: a full-spine radiograph at 0.1 mm is about 36 Mpx. Checked before anything is allocated. */
export const PIXELS_MAX = 64 * 1024 * 1024;

/** Largest file and largest inflated data set: 64 Mpx of 16 bit, and 32 MiB for all other elements. */
export const DATA_BYTES_MAX = 160 * 1024 * 1024;

/** Deepest nesting of sequences that is followed. */
export const NESTING_MAX = 64;

/** Most elements, sequence items and pixel fragments in one file, counted together. */
export const ITEMS_MAX = 100_000;

/** The paper drops films whose smaller side is below this. */
export const SIDE_MIN_PX = 128;
