/** What can go wrong in the benchmark, and what to do next. */
const BENCHMARK_ERRORS = {
  CONFIG_INVALID: 'A setting is not valid. Correct it.',
  NOT_ENROLLED: 'This home is not enrolled at a registry. Run `synspine-benchmark enrol` first.',
  ALREADY_ENROLLED: 'This home is enrolled already. Use another home for another registry.',
  KEY_TOO_OPEN: 'A key file can be read by others. Run `chmod 600` on the files in the home’s keys folder.',
  REGISTRY_UNREACHABLE:
    'The registry does not answer. Check the network and the URL, then run the command again.',
  SITE_KEY_CHANGED:
    'The site signs with a key that its last one did not name. Ask the site whether it enrolled again; then remove its file in the home’s pins folder.',
  RELEASE_MISMATCH:
    'The registry describes the release otherwise than its signed manifest. Ask the registry’s admin.',
  RELEASE_UNSUPPORTED: 'The classifiers here tell normal from abnormal; this release has only one of them.',
  IMAGES_INVALID:
    'The image shards do not hold what the signed manifest says. Ask the site to release again.',
  TRAINING_STOPPED:
    'The process that trained a classifier died, of too little memory perhaps. Set SYNSPINE_THREADS lower.',
  TOO_FEW_IMAGES: 'A class has too few images to train and validate on. Ask the site for a larger release.',
} as const;

export type BenchmarkErrorCode = keyof typeof BENCHMARK_ERRORS;

/** A broken promise, by its code in {@link BENCHMARK_ERRORS}. */
export class BenchmarkError extends Error {
  readonly code: BenchmarkErrorCode;

  constructor(code: BenchmarkErrorCode, detail?: string, options?: ErrorOptions) {
    super(`${code}: ${BENCHMARK_ERRORS[code]}${detail ? ` (${detail})` : ''}`, options);
    this.name = 'BenchmarkError';
    this.code = code;
  }
}

/** The code of any error, fit for a log. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(code)) return code;
  return error instanceof Error ? error.name : 'UNKNOWN';
}
