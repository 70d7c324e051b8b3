export { canConfine, confinementPath } from '../setup/confinement-path.mjs';
export { type Confinement, confineProcess, NOT_CONFINED } from './confine-process.ts';
export { canLimitReads, limitReads } from './limit-reads.ts';
