import { readFile } from 'node:fs/promises';

/** One row of Table E.1-1 of PS3.15 (2026c): an attribute, and what its basic profile does with it. */
export type ProfileRow = {
  /** Eight hexadecimal digits; X stands for any, ODDX for an odd group. */
  tag: string;
  vr: string;
  /** X removes, Z empties, D replaces with a dummy, U replaces a UID consistently; several are a choice by type. */
  action: string;
  name: string;
};

/** The attributes of the Basic Application Level Confidentiality Profile, by tag. */
export async function readConfidentialityProfile(): Promise<ProfileRow[]> {
  const table = await readFile(new URL('./confidentiality-profile.tsv', import.meta.url), 'utf8');
  const [, ...lines] = table.trimEnd().split('\n');
  return lines.map((line) => {
    const [tag, vr, action, name] = line.split('\t');
    return { tag: tag!, vr: vr!, action: action!, name: name! };
  });
}
