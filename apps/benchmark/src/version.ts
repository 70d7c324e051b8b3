/** The benchmark's version, as the registry sees it. */
export const BENCHMARK_VERSION = '0.3.0';
