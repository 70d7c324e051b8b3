import { DECODABLE_SYNTAXES } from '@synspine/dicom';
import type { ContextAnswer, ProposedContext } from './pdu.ts';

export const VERIFICATION = '1.2.840.10008.1.1';

/** SOP classes that a spine radiograph may come as (PS3.4 table B.5-1). */
const FILM_CLASSES: readonly string[] = [
  '1.2.840.10008.5.1.4.1.1.1', // Computed Radiography
  '1.2.840.10008.5.1.4.1.1.1.1', // Digital X-Ray, for presentation
  '1.2.840.10008.5.1.4.1.1.1.1.1', // Digital X-Ray, for processing
  '1.2.840.10008.5.1.4.1.1.7', // Secondary Capture: scanned films
];

const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
const RESULT = { accepted: 0, classUnknown: 3, syntaxesUnknown: 4 } as const;

/** The peer's order is its preference: the first syntax that the film reader decodes is taken. */
export function answerContext({ id, abstractSyntax, transferSyntaxes }: ProposedContext): ContextAnswer {
  const isFilm = FILM_CLASSES.includes(abstractSyntax);
  if (!isFilm && abstractSyntax !== VERIFICATION)
    return { id, result: RESULT.classUnknown, transferSyntax: IMPLICIT_LITTLE_ENDIAN };
  const transferSyntax = transferSyntaxes.find((uid) => DECODABLE_SYNTAXES.includes(uid));
  return transferSyntax
    ? { id, result: RESULT.accepted, transferSyntax }
    : { id, result: RESULT.syntaxesUnknown, transferSyntax: IMPLICIT_LITTLE_ENDIAN };
}
