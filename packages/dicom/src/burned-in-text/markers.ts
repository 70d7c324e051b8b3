/** Sides, projections and postures: what is written on a film and is nobody's. */
const MARKER_WORDS =
  `L R LT RT LEFT RIGHT AP PA LAT LATERAL OBL OBLIQUE SUPINE PRONE ERECT UPRIGHT STANDING SITTING STEHEND LIEGEND
  DEBOUT WEIGHT BEARING WEIGHTBEARING WB PORTABLE MOBILE FLEXION EXTENSION FLEX EXT BENDING TRACTION`.split(
    /\s+/,
  );

const CUT_LETTERS_MIN = 2;

/**
 * Whether a reading is nothing but markers.
 *
 * @param isCut the text touches the film's edge: then the first or last word may be a part of a marker
 */
export function isMarker(text: string, isCut: boolean): boolean {
  const words = text
    .toUpperCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  return (
    words.length > 0 && words.every((word) => MARKER_WORDS.some((marker) => matches(word, marker, isCut)))
  );
}

/** The network may cut a word at both ends, too, but leaves more than half of it. */
function matches(word: string, marker: string, isCut: boolean): boolean {
  const lettersMin = isCut ? CUT_LETTERS_MIN : Math.max(3, Math.floor(marker.length / 2) + 1);
  if (word === marker) return true;
  return (
    word.length >= lettersMin &&
    (isCut ? marker.startsWith(word) || marker.endsWith(word) : marker.includes(word))
  );
}
