export function isInstalled(folder: string): boolean;
export function installFolder(folder: string, fill: (temporary: string) => Promise<void>): Promise<void>;
export function requireDiskSpace(folder: string, bytes: number): void;
