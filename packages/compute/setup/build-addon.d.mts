export function ensureAddon(options?: {
  onProgress?: (fraction: number, message: string) => void;
}): Promise<string>;
