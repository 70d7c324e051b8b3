export const tensorflowVersion: string;
export const compileFlags: string[];
export function cacheDir(): string;
export function tensorflowRoot(gpu: boolean): string;
export function tensorflowDir(): string;
/** Folder below nvidia/ and file. */
export const nvidiaLibraryNames: [string, string][];
export function nvidiaLibraries(): string[];
export function inceptionWeightsPath(): string;
export function nativeSources(): string[];
export function nodeApiHeaders(): { include: string; version: string };
export function addonDir(): string;
export function addonPath(): string;
export function quietAddonPath(): string;
