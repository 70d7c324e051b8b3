export interface Wheel {
  requirement: string;
  fileName: string;
  sha256: string;
  bytes: number;
  pipArgs: string[];
}
export function fetchWheel(wheel: Wheel, onProgress: (fraction: number) => void): Promise<string>;
export function bytesBelow(path: string): number;
