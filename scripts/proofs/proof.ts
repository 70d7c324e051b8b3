/** `full` is what docs/results reports; `quick` runs the same code with small n, as CI does. */
export type ProofSize = 'quick' | 'full';

/** One piece of a proof, small enough to be lost to a power cut. Its key names its result's file: a-z, 0-9, `-`, `.`. */
export type ProofUnit = { key: string };

/** A sentence that the proof shows or refutes. */
type Claim = {
  /** What is said, on whose films. */
  text: string;
  /** What was measured, with n and interval. */
  measured: string;
  holds: boolean;
};

export type ProofTable = { title: string; head: readonly string[]; rows: readonly (readonly string[])[] };

export type ProofReport = { claims: readonly Claim[]; tables: readonly ProofTable[] };

export type ProofContext = {
  size: ProofSize;
  /** A folder of the proof's own, kept between runs. */
  folder: string;
  /** Folder of real films (one folder a site), or null where none were given. */
  films: string | null;
  say: (line: string) => void;
};

/**
 * A measurement that takes too long for a test. `units` are run one by one, each result is kept on disk, and a proof that was
 * cut off goes on with the first unit that has none. `report` is pure: the same results, the same report.
 */
export type Proof<U extends ProofUnit = ProofUnit, R = unknown> = {
  title: string;
  /** What was done, for a reader who knows the field: films, splits, seeds, n. */
  method: string;
  units: (size: ProofSize) => readonly U[];
  run: (unit: U, context: ProofContext) => Promise<R>;
  report: (results: readonly { unit: U; result: R }[], size: ProofSize) => ProofReport;
};

/** Keeps the types of a proof's units and results while the runner needs none. */
export const defineProof = <U extends ProofUnit, R>(proof: Proof<U, R>): Proof => proof as unknown as Proof;
