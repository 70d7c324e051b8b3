export * from './benchmarks.ts';
export * from './client.ts';
export * from './ids.ts';
export * from './manifest.ts';
export * from './problems.ts';
export * from './reports.ts';
export * from './routes.ts';
