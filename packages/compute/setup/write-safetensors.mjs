/**
 * Writes float32 tensors in the safetensors format: the header's length (8 bytes, little-endian), the header as JSON padded with
 * spaces to a multiple of 8, then the data without gaps. Tensors are in the order of their names, so the same input gives the same bytes.
 * @param {Record<string, { shape: readonly number[], data: Float32Array }>} tensors
 * @param {Record<string, string>} [metadata]
 * @returns {Uint8Array}
 */
export function writeSafetensors(tensors, metadata = {}) {
  const names = Object.keys(tensors).sort();
  const header = Buffer.from(describe(tensors, names, metadata));
  const headerBytes = Math.ceil(header.length / 8) * 8;
  const dataBytes = names.reduce((sum, name) => sum + tensors[name].data.byteLength, 0);
  const file = Buffer.alloc(8 + headerBytes + dataBytes, ' ');
  file.writeBigUInt64LE(BigInt(headerBytes), 0);
  header.copy(file, 8);
  let offset = 8 + headerBytes;
  for (const name of names) {
    writeFloats(file, offset, tensors[name].data);
    offset += tensors[name].data.byteLength;
  }
  return file;
}

/** @param {Record<string, { shape: readonly number[], data: Float32Array }>} tensors @param {string[]} names @param {Record<string, string>} metadata */
function describe(tensors, names, metadata) {
  // Put together by hand: a JavaScript object would reorder names that look like numbers.
  const entries = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0)
    entries.push(member('__metadata__', Object.fromEntries(keys.map((key) => [key, metadata[key]]))));
  let offset = 0;
  for (const name of names) {
    const { shape, data } = tensors[name];
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== data.length)
      throw new RangeError(`${name} has ${data.length} values but its shape [${shape}] needs ${count}`);
    entries.push(
      member(name, { dtype: 'F32', shape: [...shape], data_offsets: [offset, offset + data.byteLength] }),
    );
    offset += data.byteLength;
  }
  return `{${entries.join(',')}}`;
}

/** @param {string} key @param {unknown} value */
function member(key, value) {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** @param {Buffer} file @param {number} offset @param {Float32Array} data */
function writeFloats(file, offset, data) {
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
  if (!hostIsLittleEndian) file.subarray(offset, offset + data.byteLength).swap32();
}
