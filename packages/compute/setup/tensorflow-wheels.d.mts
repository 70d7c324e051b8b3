import type { Wheel } from './fetch-wheel.mjs';

export type LibraryWheel = Wheel & { members: string[] };
export const cpuWheels: LibraryWheel[];
export const gpuWheels: LibraryWheel[];
