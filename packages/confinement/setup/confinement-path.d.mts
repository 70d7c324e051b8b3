export const compileFlags: string[];
export function confinementSources(): string[];
export function canConfine(): boolean;
export function confinementPath(): string;
