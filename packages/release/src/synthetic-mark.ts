import { crc32 } from 'node:zlib';

// XMP part 3 §1.1.5: an uncompressed iTXt chunk of this keyword, no language, no translated keyword.
const KEYWORD = 'XML:com.adobe.xmp';
/** IPTC Photo Metadata Standard, property Digital Source Type: the newscode for media that a trained algorithm made. */
export const SYNTHETIC_SOURCE_TYPE = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';
/** That statement as an XMP packet: the same in every file. */
export const SYNTHETIC_XMP = [
  '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>',
  '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
  '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
  '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
  ` Iptc4xmpExt:DigitalSourceType="${SYNTHETIC_SOURCE_TYPE}"/>`,
  '</rdf:RDF></x:xmpmeta>',
  '<?xpacket end="r"?>',
].join('');

const SIGNATURE_BYTES = 8;
const KEPT = ['IHDR', 'IDAT', 'IEND'];
/** The data of that chunk. A reader takes these bytes alone: another form of the statement could carry more than it says. */
export const SYNTHETIC_MARK: Buffer = Buffer.from(`${KEYWORD}\0\0\0\0\0${SYNTHETIC_XMP}`);
const MARK = encodeChunk('iTXt', SYNTHETIC_MARK);

/**
 * A gray PNG that says of itself that it is synthetic, in XMP, and carries nothing else beside its pixels: every other
 * ancillary chunk is left out. Takes about 500 bytes. Same PNG, same bytes.
 */
export function markSynthetic(png: Uint8Array): Uint8Array {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.length);
  const parts: Uint8Array[] = [bytes.subarray(0, SIGNATURE_BYTES)];
  for (let at = SIGNATURE_BYTES; at < bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at); // length, type, data, CRC
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (KEPT.includes(type)) parts.push(bytes.subarray(at, end));
    if (type === 'IHDR') parts.push(MARK);
    at = end;
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** PNG (third edition) §5.3: length, type, data, CRC-32 of type and data. */
function encodeChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
