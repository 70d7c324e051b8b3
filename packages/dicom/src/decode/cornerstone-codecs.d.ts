/** The codecs ship without declarations. Each module is a factory of an Emscripten instance. */
type WasmFrame = { width: number; height: number; bitsPerSample: number; componentCount: number };

type WasmDecoder = {
  /** Memory of the codec that the stream is to be written to. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): WasmFrame;
  /** Memory of the codec: copy before the next call. */
  getDecodedBuffer(): Uint8Array;
  delete(): void;
};

type WasmFactory<Name extends string> = (options: {
  print(line: string): void;
  printErr(line: string): void;
}) => Promise<Record<Name, new () => WasmDecoder>>;

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const factory: WasmFactory<'JPEGDecoder'>;
  export = factory;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const factory: WasmFactory<'JpegLSDecoder'>;
  export = factory;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const factory: WasmFactory<'J2KDecoder'>;
  export = factory;
}

declare module '@cornerstonejs/codec-openjph' {
  const factory: WasmFactory<'HTJ2KDecoder'>;
  export = factory;
}
