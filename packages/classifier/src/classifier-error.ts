const NEXT_STEPS = {
  UNKNOWN_ARCHITECTURE: 'Use one of the architectures on the allow-list, or upgrade.',
  UNKNOWN_RECIPE: 'This program trains by other recipes or other starting weights. Upgrade it.',
  SIZE_UNSUPPORTED:
    'Images must be square: a side of 16, 32, 64, 128 or 256 pixels for small-cnn, 16 to 1024 for the others.',
  SHAPE_MISMATCH: 'Pass size·size bytes and one label for each image.',
  TOO_FEW_IMAGES: 'Training needs at least two images of each class, and validation of two classes.',
  NO_PRETRAINED:
    'Run `npm run setup` for EfficientNet-Lite0, pass a readable safetensors file for DenseNet-121, or train from scratch.',
  NOT_FINITE: 'The training diverged. Lower the learning rate or look at the images.',
  ABORTED: 'The training was cancelled. Start it again when wanted.',
} as const;

export type ClassifierErrorCode = keyof typeof NEXT_STEPS;

/** A broken promise of this package, by its code. The message says what to do next. */
export class ClassifierError extends Error {
  readonly code: ClassifierErrorCode;

  constructor(code: ClassifierErrorCode, detail?: string) {
    super(`${code}: ${NEXT_STEPS[code]}${detail ? ` (${detail})` : ''}`);
    this.name = 'ClassifierError';
    this.code = code;
  }
}
