export const confinementSource: string;
export function canConfine(): boolean;
export function confinementPath(): string;
