export function ensureTensorflow(options?: {
  onProgress?: (fraction: number, message: string) => void;
}): Promise<string>;
