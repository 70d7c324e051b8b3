"""Reads PNGs (paths as arguments) by the standard alone: struct, zlib and an XML parser. Prints what each holds as JSON."""
import json
import struct
import sys
import xml.etree.ElementTree as ElementTree
import zlib

DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"


def chunks(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + body), "a wrong CRC"
        yield kind.decode("ascii"), body
        at += 12 + length


def describe(path):
    found = list(chunks(open(path, "rb").read()))
    bodies = dict(found)
    keyword, rest = bodies["iTXt"].split(b"\0", 1)
    assert rest[:2] == b"\0\0", "compressed"
    language, translated, text = rest[2:].split(b"\0", 2)
    packet = ElementTree.fromstring(text.decode("utf-8").lstrip("\ufeff"))
    return {
        "chunks": [kind for kind, _ in found],
        "keyword": keyword.decode("ascii"),
        "language": (language + translated).decode(),
        "source": [d.get(SOURCE_TYPE) for d in packet.iter(DESCRIPTION)],
        "pixels": len(zlib.decompress(b"".join(body for kind, body in found if kind == "IDAT"))),
    }


print(json.dumps([describe(path) for path in sys.argv[1:]]))
