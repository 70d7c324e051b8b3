import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { DATA_BYTES_MAX } from '../limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusals.ts';
import { type Dataset, type Part10, readText } from './dataset.ts';
import { readElements } from './read-elements.ts';
import { TAGS } from './tags.ts';
import { findTransferSyntax } from './transfer-syntaxes.ts';

const PREAMBLE_BYTES = 128;
/** (0002,0000), VR UL, length 4. */
const GROUP_LENGTH_HEADER = Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0]);
const META = { explicitVr: true, bigEndian: false };

/** Reads a DICOM file (PS3.10 chapter 7): preamble, file meta information, then the data set in its transfer syntax. */
export async function readPart10(bytes: Uint8Array): Promise<Part10 | Refusal> {
  if (bytes.length > DATA_BYTES_MAX) return refuse('parse', 'TOO_LARGE');
  const magic = Buffer.from(bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + 4)).toString('latin1');
  if (magic !== 'DICM') return refuse('parse', 'NOT_DICOM');
  const meta = readMeta(bytes);
  if (typeof meta === 'string') return refuse('parse', meta);
  const uid = readText({ bytes, elements: meta.elements, bigEndian: false }, TAGS.transferSyntaxUid);
  if (uid === null) return refuse('parse', 'MALFORMED');
  const syntax = findTransferSyntax(uid);
  const body = syntax.deflated ? await inflate(bytes.subarray(meta.end)) : { bytes, start: meta.end };
  if (isRefusal(body)) return body;
  const read = readElements(body.bytes, body.start, syntax);
  if (typeof read === 'string') return refuse('parse', read);
  const dataset: Dataset = { bytes: body.bytes, elements: read.elements, bigEndian: syntax.bigEndian };
  return { ...dataset, transferSyntaxUid: uid, transferSyntax: syntax };
}

/**
 * The group length says where the file meta information ends; without a usable one it ends where group 0002 does.
 * The second way alone would be wrong for deflated files: their next bytes are no tag.
 */
function readMeta(bytes: Uint8Array): ReturnType<typeof readElements> {
  const start = PREAMBLE_BYTES + 4;
  const header = Buffer.from(bytes.subarray(start, start + 12));
  const hasLength = header.length === 12 && header.subarray(0, 8).equals(GROUP_LENGTH_HEADER);
  const end = hasLength ? start + 12 + header.readUInt32LE(8) : bytes.length;
  const bounded = hasLength && end <= bytes.length ? readElements(bytes.subarray(0, end), start, META) : null;
  if (bounded && typeof bounded !== 'string' && bounded.elements.has(TAGS.transferSyntaxUid)) return bounded;
  return readElements(bytes, start, META, 0x0002);
}

/** PS3.5 A.5. The cap is what keeps a 1 MB file from taking gigabytes. */
async function inflate(deflated: Uint8Array): Promise<{ bytes: Uint8Array; start: number } | Refusal> {
  try {
    const bytes = await promisify(inflateRaw)(deflated, { maxOutputLength: DATA_BYTES_MAX });
    return { bytes, start: 0 };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') return refuse('parse', 'TOO_LARGE');
    return refuse('parse', code === 'Z_BUF_ERROR' ? 'TRUNCATED' : 'INFLATE_FAILED');
  }
}
