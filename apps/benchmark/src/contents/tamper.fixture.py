"""Alters a PNG or a safetensors file on standard input by the formats' standards alone (struct, zlib, json), to standard output."""
import json
import struct
import sys
import zlib

GRAY = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
NAMESPACES = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Image::ExifTool 12.57">\n'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
)


def split(png):
    at, found = 8, []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def join(chunks):
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in chunks:
        parts.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return b"".join(parts)


def rows(chunks):
    """Gray bytes without filters, line by line."""
    header = dict(chunks)[b"IHDR"]
    width, height = struct.unpack(">II", header[:8])
    data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    lines, above = [], bytearray(width)
    for y in range(height):
        kind, line = data[y * (width + 1)], bytearray(data[y * (width + 1) + 1 : (y + 1) * (width + 1)])
        for x in range(width):
            a, b, c = (line[x - 1] if x else 0), above[x], (above[x - 1] if x else 0)
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[x] = (line[x] + (0, a, b, (a + b) // 2, paeth)[kind]) % 256
        lines.append(line)
        above = line
    return width, height, lines


def with_image(chunks, colour, lines, level=9):
    """The same chunks around other pixels: every line unfiltered."""
    data = zlib.compress(b"".join(b"\0" + bytes(line) for line in lines), level)
    for kind, body in chunks:
        if kind == b"IHDR":
            yield kind, body[:9] + bytes([colour]) + body[10:]
        elif kind == b"IEND":
            yield b"IDAT", data
            yield kind, body
        elif kind != b"IDAT":
            yield kind, body


def with_mark(chunks, text):
    for kind, body in chunks:
        yield kind, (b"XML:com.adobe.xmp\0\0\0\0\0" + text.encode() if kind == b"iTXt" else body)


def alter(png, how):
    chunks = split(png)
    if how == "text":
        return join(chunks[:-1] + [(b"tEXt", b"Comment\0ZZCANARY"), chunks[-1]])
    if how == "second mark":
        return join(chunks[:2] + chunks[1:])
    if how == "rgb":
        _, _, lines = rows(chunks)
        return join(with_image(chunks, 2, [bytes(v for value in line for v in (value,) * 3) for line in lines]))
    if how == "again":
        return join(with_image(chunks, 0, rows(chunks)[2], 1))
    if how == "one pixel":
        _, height, lines = rows(chunks)
        lines[height // 2][3] = (lines[height // 2][3] + 40) % 256
        return join(with_image(chunks, 0, lines))
    if how == "after the end":
        return png + b"ZZCANARY"
    if how == "after the stream":
        data = b"".join(body for kind, body in chunks if kind == b"IDAT") + b"ZZCANARY"
        rest = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
        return join(rest[:-1] + [(b"IDAT", data), rest[-1]])
    if how == "in the end":
        return join(chunks[:-1] + [(b"IEND", b"ZZCANARY")])
    if how == "empty pixels":
        return join(chunks[:-1] + [(b"IDAT", b""), chunks[-1]])
    if how == "empty blocks":
        lines = rows(chunks)[2]
        packer = zlib.compressobj(9)
        data = b"".join(packer.compress(b"\0" + bytes(line)) + packer.flush(zlib.Z_FULL_FLUSH) for line in lines)
        for _ in range(200):
            data += b"\0\0\0\xff\xff"
        rest = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
        return join(rest[:-1] + [(b"IDAT", data + packer.flush()), rest[-1]])
    if how == "mark last":
        mark = next(chunk for chunk in chunks if chunk[0] == b"iTXt")
        rest = [chunk for chunk in chunks if chunk[0] != b"iTXt"]
        return join(rest[:-1] + [mark, rest[-1]])
    if how == "wrong crc":
        return png[:-5] + bytes([png[-5] ^ 1]) + png[-4:]
    if how == "unmarked":
        return join(chunk for chunk in chunks if chunk[0] != b"iTXt")
    if how == "old agent":
        rest = [chunk for chunk in chunks if chunk[0] != b"iTXt"]
        return join(rest[:1] + [(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))] + rest[1:])
    if how == "exiftool":
        body = "<rdf:Description rdf:about=''\n  xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>\n"
        body += "  <Iptc4xmpExt:DigitalSourceType>%s</Iptc4xmpExt:DigitalSourceType>\n </rdf:Description>\n" % GRAY
        packet = "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n%s%s</rdf:RDF>\n</x:xmpmeta>\n%s<?xpacket end='w'?>"
        return join(with_mark(chunks, packet % (NAMESPACES, body, " " * 200)))
    if how == "creator":
        text = dict(chunks)[b"iTXt"][22:].decode().replace("</rdf:RDF>", "<!-- ZZCANARY --></rdf:RDF>")
        return join(with_mark(chunks, text))
    if how == "photograph":
        text = dict(chunks)[b"iTXt"][22:].decode().replace("trainedAlgorithmicMedia", "digitalCapture")
        return join(with_mark(chunks, text))
    raise ValueError(how)


def alter_weights(data, how):
    (length,) = struct.unpack("<Q", data[:8])
    header, values = json.loads(data[8 : 8 + length]), data[8 + length :]
    if how == "extra tensor":
        header["films"] = {"dtype": "F32", "shape": [256], "data_offsets": [len(values), len(values) + 1024]}
        values += bytes(1024)
    if how == "text":
        header["__metadata__"] = {"note": "ZZCANARY"}
    if how == "infinity":
        values = struct.pack("<f", float("inf")) + values[4:]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + values


kind, how = sys.argv[1:]
data = sys.stdin.buffer.read()
sys.stdout.buffer.write(alter(data, how) if kind == "png" else alter_weights(data, how))
