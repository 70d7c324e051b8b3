export const tensorflowVersion: string;
export const compileFlags: string[];
export function cacheDir(): string;
export function tensorflowDir(): string;
export function inceptionWeightsPath(): string;
export function nativeSources(): string[];
export function nodeApiHeaders(): { include: string; version: string };
export function addonDir(): string;
export function addonPath(): string;
