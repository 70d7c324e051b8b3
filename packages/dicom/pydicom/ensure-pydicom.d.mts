export function ensurePydicom(): Promise<string>;
