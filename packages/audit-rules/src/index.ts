export * from './battery.ts';
export * from './contradiction.ts';
export * from './judge.ts';
export * from './loopback.ts';
export * from './policy.ts';
export * from './report.ts';
export * from './state.ts';
export * from './verdict.ts';
