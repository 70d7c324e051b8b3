export interface NvidiaDriver {
  version: string;
  /** One name for each GPU. */
  models: string[];
}
export const driverMin: number;
export function findNvidiaDriver(): NvidiaDriver | null;
export function readDriver(folder: string): NvidiaDriver | null;
export function askNvidiaSmi(command?: string): NvidiaDriver | null;
export function describeDriver(driver: NvidiaDriver | null): string;
