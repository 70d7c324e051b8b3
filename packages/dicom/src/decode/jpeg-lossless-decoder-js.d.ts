/** The package ships without the declarations that its package.json names; these are the members that are used. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    decode(buffer: ArrayBuffer, offset: number, length: number): Uint8Array | Uint16Array | null;
    readonly xLoc: number;
    readonly yLoc: number;
    readonly xDim: number;
    readonly yDim: number;
    readonly numComp: number;
    readonly frame: { precision: number };
    readonly scan: { al: number };
  }
}
