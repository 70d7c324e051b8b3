export function ensureInception(options?: {
  onProgress?: (fraction: number, message: string) => void;
}): Promise<string>;
