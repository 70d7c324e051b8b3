"""unpack.py ARCHIVE STRIP TARGET NAME...: extracts the members of a zip whose path starts with one of the names.

STRIP is removed from the front of each path. Prints the bytes written so far and in all, a line for each 8 MiB. zipfile checks every CRC. Programs stay
executable: XLA runs NVIDIA's ptxas.
"""
import os
import sys
import zipfile

archive, strip, target, *names = sys.argv[1:]
with zipfile.ZipFile(archive) as source:
    members = [m for m in source.infolist() if m.filename.startswith(tuple(names)) and not m.is_dir()]
    total, done = sum(m.file_size for m in members), 0
    for member in members:
        path = os.path.join(target, member.filename.removeprefix(strip))
        if not os.path.realpath(path).startswith(os.path.realpath(target) + os.sep):
            sys.exit("the archive wants to write outside its folder")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with source.open(member) as reader, open(path, "wb") as writer:
            while chunk := reader.read(8 << 20):
                writer.write(chunk)
                done += len(chunk)
                print(done, total, flush=True)
        if member.external_attr >> 16 & 0o111:
            os.chmod(path, 0o755)
