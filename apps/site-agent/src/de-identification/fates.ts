/** An option of the basic profile (PS3.15 Annex E.3), by its code in PS3.16. */
export type ProfileOption = { code: string; name: string; isApplied: boolean; here: string };

const REMOVED = 'removed: nothing of the data set is copied';
const HASHED = 'kept at the site only, as a hash with the home’s secret key; removed from all that leaves';
const HASHED_AND_SEALED =
  'kept at the site only, as a hash with the home’s secret key, and encrypted with it in the verdict on its file; removed from all that leaves';
const REGROUPED = 'read to find the film’s label, then removed';
const NOT_DRAWN = 'removed: never drawn into the image';

/** Attributes of the table that the agent reads for its own ends. Of all others it keeps nothing, read or not. */
const FATES: Record<string, string> = {
  '00080018': HASHED_AND_SEALED, // SOP Instance UID
  '0020000D': HASHED, // Study Instance UID, where the film names no patient
  '00100020': HASHED, // Patient ID
  '00080050': REGROUPED, // Accession Number
  '50XXXXXX': NOT_DRAWN,
  '60XX3000': NOT_DRAWN,
  '60XX4000': NOT_DRAWN,
};

/** What becomes of an attribute of the profile's table. */
export function describeFate(tag: string): string {
  return FATES[tag] ?? REMOVED;
}

const option = (code: string, name: string, isApplied: boolean, here: string): ProfileOption => ({
  ...{ code, name, isApplied, here },
});

const notUsed = 'not used: nothing of the kind is retained';

export const OPTIONS: readonly ProfileOption[] = [
  option('113100', 'Basic Application Confidentiality Profile', true, 'by construction: images are rebuilt'),
  option(
    '113101',
    'Clean Pixel Data',
    true,
    'text is found by a network, read, and painted over or its film refused; see the limits below',
  ),
  option(
    '113102',
    'Clean Recognizable Visual Features',
    false,
    'films show spines; a face on a film is not looked for. Real films never leave the site',
  ),
  option('113103', 'Clean Graphics', true, 'overlays, curves and annotations are dropped, never drawn'),
  option('113104', 'Clean Structured Content', true, 'structured content is dropped'),
  option('113105', 'Clean Descriptors', true, 'all descriptions are dropped'),
  option('113106', 'Retain Longitudinal Temporal Information With Full Dates', false, notUsed),
  option('113107', 'Retain Longitudinal Temporal Information With Modified Dates', false, notUsed),
  option('113108', 'Retain Patient Characteristics', false, notUsed),
  option('113109', 'Retain Device Identity', false, notUsed),
  option('113110', 'Retain UIDs', false, notUsed),
  option('113111', 'Retain Safe Private', false, notUsed),
  option('113112', 'Retain Institution Identity', false, notUsed),
];
