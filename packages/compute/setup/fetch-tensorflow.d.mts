export function ensureTensorflow(options?: {
  gpu?: boolean;
  onProgress?: (fraction: number, message: string) => void;
}): Promise<string>;
