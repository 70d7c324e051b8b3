import type { BurnedInTextPolicy } from '@synspine/dicom';
import { openCatalogue } from '../films/catalogue.ts';
import { countRefusals, readQuarantine } from '../films/quarantine.ts';
import { readSelection } from '../films/selection-policy.ts';
import type { Home } from '../home.ts';
import { AGENT_VERSION } from '../version.ts';
import { readConfidentialityProfile } from './confidentiality-profile.ts';
import { describeFate, OPTIONS, type ProfileOption } from './fates.ts';

/** What a site can show to whoever asks how its films are de-identified. Holds counts and codes, nothing of a patient. */
export type DeIdentificationReport = {
  schema: 'synspine.de-identification/1';
  agentVersion: string;
  writtenAt: string;
  films: {
    ingested: number;
    /** Looked at for text, and not: those of agents that did not look, until they are ingested again. */
    inspected: number;
    notInspected: number;
    masked: number;
    maskedBoxes: number;
    refused: { code: string; count: number }[];
  };
  burnedInText: BurnedInTextPolicy;
  options: readonly ProfileOption[];
  attributes: { tag: string; name: string; basicProfile: string; here: string }[];
};

/** The report of a home, as of now. Throws SELECTION_INVALID. */
export async function buildReport(home: Home, writtenAt: string): Promise<DeIdentificationReport> {
  const films = (await openCatalogue(home)).films();
  const hashes = new Set(films.map(({ fileSha256 }) => fileSha256));
  const refused = countRefusals(await readQuarantine(home, (hash) => hashes.has(hash)));
  const inspected = films.filter(({ maskedBoxes }) => maskedBoxes !== undefined);
  const masks = inspected.map(({ maskedBoxes }) => maskedBoxes!);
  return {
    schema: 'synspine.de-identification/1',
    agentVersion: AGENT_VERSION,
    writtenAt,
    films: {
      ingested: films.length,
      inspected: inspected.length,
      notInspected: films.length - inspected.length,
      masked: masks.filter((boxes) => boxes > 0).length,
      maskedBoxes: masks.reduce((sum, boxes) => sum + boxes, 0),
      refused,
    },
    burnedInText: (await readSelection(home)).burnedInText,
    options: OPTIONS,
    attributes: (await readConfidentialityProfile()).map(({ tag, name, action }) => ({
      ...{ tag, name, basicProfile: action },
      here: describeFate(tag),
    })),
  };
}
