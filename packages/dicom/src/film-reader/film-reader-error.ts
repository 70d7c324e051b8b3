/** Faults of the installation, with the next step. */
const FILM_READER_ERRORS = {
  READER_NOT_STARTED:
    'The film reader process did not start. Check that node can run and that memory is free.',
  READER_NOT_CONFINED: 'What takes the network from the film readers is not built. Run `npm run setup`.',
  READER_CLOSED: 'The film reader is closed. Create a new one.',
} as const;

export class FilmReaderError extends Error {
  readonly code: keyof typeof FILM_READER_ERRORS;

  constructor(code: keyof typeof FILM_READER_ERRORS) {
    super(`${code}: ${FILM_READER_ERRORS[code]}`);
    this.name = 'FilmReaderError';
    this.code = code;
  }
}
