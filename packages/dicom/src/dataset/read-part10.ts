import { DATA_BYTES_MAX } from '../limits.ts';
import { type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import { type Part10, readText } from './dataset.ts';
import { inflateBounded } from './inflate-bounded.ts';
import { hasPrefix, parseGuarded, parseMetaGuarded } from './parse-guarded.ts';
import { TAGS } from './tags.ts';
import { findTransferSyntax } from './transfer-syntaxes.ts';

const PREAMBLE_BYTES = 128;
/** (0002,0000), VR UL, length 4. */
const GROUP_LENGTH_HEADER = Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0]);

/** Reads a DICOM file (PS3.10 chapter 7): preamble, file meta information, then the data set in its transfer syntax. */
export async function readPart10(bytes: Uint8Array): Promise<Part10 | Refusal> {
  if (bytes.length > DATA_BYTES_MAX) return refuse('parse', 'TOO_LARGE');
  if (!hasPrefix(bytes)) return refuse('parse', 'NOT_DICOM');
  const meta = readMeta(bytes);
  if (typeof meta === 'string') return refuse('parse', meta);
  const transferSyntax = findTransferSyntax(meta.transferSyntaxUid);
  const rest = bytes.subarray(meta.end);
  const body = transferSyntax.deflated ? await inflateBounded(rest) : rest;
  if (typeof body === 'string') return refuse('parse', body);
  const dataset = parseGuarded(body, transferSyntax);
  if (typeof dataset === 'string') return refuse('parse', dataset);
  return { dataset, transferSyntaxUid: meta.transferSyntaxUid, transferSyntax };
}

type Meta = { transferSyntaxUid: string; end: number };

/**
 * The group length says where the file meta information ends; without a usable one it ends where group 0002 does.
 * The second way alone would be wrong for deflated files: their next bytes are no tag.
 */
function readMeta(bytes: Uint8Array): Meta | RefusalCode {
  const start = PREAMBLE_BYTES + 4;
  const header = Buffer.from(bytes.subarray(start, start + 12));
  const hasLength = header.length === 12 && header.subarray(0, 8).equals(GROUP_LENGTH_HEADER);
  const end = hasLength ? start + 12 + header.readUInt32LE(8) : 0;
  const bounded = hasLength && end <= bytes.length ? readMetaOf(bytes.subarray(0, end)) : 'MALFORMED';
  return typeof bounded === 'string' ? readMetaOf(bytes) : bounded;
}

function readMetaOf(bytes: Uint8Array): Meta | RefusalCode {
  const parsed = parseMetaGuarded(bytes);
  if (typeof parsed === 'string') return parsed;
  const transferSyntaxUid = readText(parsed.meta, TAGS.transferSyntaxUid);
  return transferSyntaxUid === null ? 'MALFORMED' : { transferSyntaxUid, end: parsed.end };
}
