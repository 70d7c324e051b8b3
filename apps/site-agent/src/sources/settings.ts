import { z } from 'zod';
import type { Home } from '../home.ts';
import { parseSettings, readSettingsText } from '../settings-file.ts';
import { SiteError } from '../site-error.ts';
import { isNetwork } from './peer-addresses.ts';

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

const port = z.int().min(1).max(65_535);
const seconds = (least: number, most: number, usual: number) =>
  z.number().min(least).max(most).default(usual);
const aeTitle = z.string().regex(/^(?! )[\x21-\x5b\x5d-\x7e ]{1,16}(?<! )$/, 'expected 1 to 16 characters');
const network = z.string().refine(isNetwork, 'expected an address or a network such as 10.1.2.0/24');
const tls = z.strictObject({
  certificate: z.string(),
  key: z.string(),
  /** Only clients with a certificate of this authority are let in. */
  clientCa: z.string().optional(),
});

const spool = z.strictObject({
  bytesMax: z
    .number()
    .min(GIBIBYTE)
    .default(16 * GIBIBYTE),
  filesMax: z.int().min(1).max(1_000_000).default(50_000),
  /** So much of the disk is left to others. */
  freeBytesMin: z
    .number()
    .min(0)
    .default(4 * GIBIBYTE),
  /** How long a sender is kept waiting for room before it is told to come back later. */
  roomWaitSeconds: seconds(0, 3_600, 20),
});

/** Refused films are kept, so that `quarantine retry` can take them once there is a label. */
const kept = z.strictObject({
  bytesMax: z
    .number()
    .min(0)
    .default(8 * GIBIBYTE),
  days: seconds(0, 3_650, 90),
});

const folder = z.strictObject({
  path: z.string(),
  /** A file is taken when its size and time have not changed for so long. */
  quietSeconds: seconds(0.1, 86_400, 10),
  rescanSeconds: seconds(0.1, 86_400, 10),
});

const dicom = z.strictObject({
  bind: z.string().default('127.0.0.1'),
  port: port.default(11_112),
  tls: tls.optional(),
  aeTitles: z.array(aeTitle).min(1).default(['SYNSPINE']),
  callers: z.array(z.strictObject({ aeTitle, addresses: z.array(network).min(1) })).min(1),
  associationsMax: z.int().min(1).max(256).default(16),
  pduBytesMax: z
    .int()
    .min(4_096)
    .max(MEBIBYTE)
    .default(128 * 1024),
  artimSeconds: seconds(0.1, 120, 10),
  idleSeconds: seconds(0.1, 3_600, 60),
  filmSeconds: seconds(0.1, 7_200, 600),
});

const stow = z.strictObject({
  bind: z.string().default('127.0.0.1'),
  port: port.default(8_042),
  tls: tls.optional(),
  addresses: z.array(network).min(1),
  /** A file with the bearer token that senders must show, readable by its owner alone. */
  tokenFile: z.string().optional(),
  requestsMax: z.int().min(1).max(256).default(8),
  idleSeconds: seconds(0.1, 3_600, 60),
  filmSeconds: seconds(0.1, 7_200, 600),
});

const dicomWeb = z.strictObject({
  /** Where the studies lie, such as https://pacs.example.org/dicom-web; nothing else is ever asked. */
  url: z.url({ protocol: /^https?$/ }),
  /** A file with a bearer token, or with `user:password`; readable by its owner alone. */
  tokenFile: z.string().optional(),
  basicFile: z.string().optional(),
  modalities: z
    .array(z.string().regex(/^[A-Z]{2,16}$/))
    .min(1)
    .default(['CR', 'DX', 'RG']),
  /** Most studies in one answer, and so on one day. */
  pageSize: z.int().min(1).max(100_000).default(1_000),
  idleSeconds: seconds(0.1, 3_600, 60),
});

const sourcesFile = z.strictObject({
  schema: z.literal('synspine.sources/1'),
  /** CSV with a label for each SOP Instance UID; read again when it changes. */
  labels: z.string(),
  fit: z.enum(['squeeze', 'letterbox', 'centre-square']).default('squeeze'),
  spool: spool.prefault({}),
  kept: kept.prefault({}),
  folders: z.array(folder).default([]),
  dicom: dicom.optional(),
  stow: stow.optional(),
  dicomWeb: dicomWeb.optional(),
});

export type SourceSettings = z.infer<typeof sourcesFile>;
export type FolderSettings = SourceSettings['folders'][number];
export type DicomWebSettings = NonNullable<SourceSettings['dicomWeb']>;
export type TlsPaths = z.infer<typeof tls>;

/** What `sources.json` in the home says, or undefined without one. Throws SOURCES_INVALID, naming the field. */
export async function readSourceSettings(home: Home): Promise<SourceSettings | undefined> {
  const text = await readSettingsText(home.files.sources);
  return text === undefined ? undefined : parseSourceSettings(text);
}

/** Throws SOURCES_INVALID, naming the field. */
export function parseSourceSettings(text: string): SourceSettings {
  const file = sourcesFile.safeParse(parseSettings(text, 'SOURCES_INVALID'));
  if (file.success) return file.data;
  const issue = file.error.issues[0];
  throw new SiteError('SOURCES_INVALID', `${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

/** Settings for a command that takes films where no sources are configured: the limits of the schema. */
export function defaultSourceSettings(labels: string): SourceSettings {
  return sourcesFile.parse({ schema: 'synspine.sources/1', labels });
}
