import {
  type BurnedInTextPolicy,
  DEFAULT_SELECTION,
  REGIONS,
  type SelectionPolicy,
  VIEWS,
} from '@synspine/dicom';
import { z } from 'zod';
import type { Home } from '../home.ts';
import { readSettings } from '../settings-file.ts';
import { SiteError } from '../site-error.ts';

const SIDE_LEAST_PX = 64;
const SIDE_MOST_PX = 4_096;

/** `selection.json` in the home: which films this site takes. What it doesn't name is as by default. */
const selectionFile = z.strictObject({
  schema: z.literal('synspine.selection/1'),
  /** Defined terms of Modality; add SC or OT for scanned films. */
  modalities: z
    .array(z.string().regex(/^[A-Z]{2,16}$/))
    .min(1)
    .optional(),
  regions: z.array(z.enum(REGIONS)).min(1).optional(),
  views: z.array(z.enum(VIEWS)).min(1).optional(),
  sideMinPx: z.int().min(SIDE_LEAST_PX).max(SIDE_MOST_PX).optional(),
  /** Whether text that could name a patient is painted over, or its film refused. */
  burnedInText: z.enum(['mask', 'refuse']).optional(),
  /** What becomes of films whose pixels are unlike the site's own films of the spine. */
  unlikeSpine: z.enum(['refuse', 'take']).optional(),
});

/** Which films a site takes, and what becomes of text in their pixels. */
export type SiteSelection = SelectionPolicy & {
  burnedInText: BurnedInTextPolicy;
  unlikeSpine: 'refuse' | 'take';
};

/** The site's selection. Throws SELECTION_INVALID, naming the field. */
export async function readSelection(home: Home): Promise<SiteSelection> {
  const { schema: _, ...chosen } = parseSelection(
    await readSettings(home.files.selection, 'SELECTION_INVALID'),
  ) ?? { schema: '' };
  return { ...DEFAULT_SELECTION, burnedInText: 'mask', unlikeSpine: 'refuse', ...chosen };
}

function parseSelection(json: unknown) {
  if (json === undefined) return undefined;
  const file = selectionFile.safeParse(json);
  if (file.success) return file.data;
  const issue = file.error.issues[0];
  throw new SiteError('SELECTION_INVALID', `${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}
