import type { PartOutcome } from './store-parts.ts';

/** Failure reasons of PS3.18 table 10.5.3-1 and PS3.4 section B.2.3. */
const REASON = { outOfResources: 0xa700, cannotUnderstand: 0xc000 } as const;

type Item = Record<string, { vr: string; Value: (string | number)[] }>;
type Response = { status: 200 | 202 | 409 | 503; body: Record<string, { vr: 'SQ'; Value: Item[] }> };

/** The Store Instances Response Module (PS3.18 section 10.5.3) as DICOM JSON. 503: nothing was stored, for lack of room. */
export function describeStored(outcomes: readonly PartOutcome[]): Response {
  const stored = outcomes.filter(({ code }) => code === null);
  const failed = outcomes.filter(({ code }) => code !== null);
  const sequences = {
    ...sequenceOf('00081198', failed.filter(isNamed).map(describeFailure)), // Failed SOP Sequence
    // Other Failures Sequence: an item of the one above has a UID, which clients read.
    ...sequenceOf('0008119A', failed.filter((outcome) => !isNamed(outcome)).map(describeFailure)),
    ...sequenceOf('00081199', stored.map(reference)), // Referenced SOP Sequence
  };
  if (failed.length === 0) return { status: 200, body: sequences };
  if (stored.length > 0) return { status: 202, body: sequences };
  return { status: failed.every(({ code }) => code === 'NO_ROOM') ? 503 : 409, body: sequences };
}

function isNamed({ sopInstanceUid }: PartOutcome): boolean {
  return Boolean(sopInstanceUid);
}

function sequenceOf(tag: string, items: Item[]): Response['body'] {
  return items.length > 0 ? { [tag]: { vr: 'SQ', Value: items } } : {};
}

function describeFailure(outcome: PartOutcome): Item {
  const reason = outcome.code === 'NO_ROOM' ? REASON.outOfResources : REASON.cannotUnderstand;
  return { ...reference(outcome), '00081197': { vr: 'US', Value: [reason] } };
}

function reference({ sopClassUid, sopInstanceUid }: PartOutcome): Item {
  return {
    ...(sopClassUid && { '00081150': { vr: 'UI', Value: [sopClassUid] } }),
    ...(sopInstanceUid && { '00081155': { vr: 'UI', Value: [sopInstanceUid] } }),
  };
}
