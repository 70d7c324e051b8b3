"""Decodes every DICOM file of pydicom's wheels and of the folders given, and tells what came out.

Usage: decode_all.py OUT [FOLDER ...]. Writes OUT/files.json and, for each decoded file, its first frame as OUT/N.raw: the
bytes of pydicom's pixel_array, little endian.
"""

import hashlib
import json
import sys
import warnings
from pathlib import Path

import data_store
import pydicom
from pydicom.pixels import pixel_array

warnings.simplefilter("ignore")


def find_files(folders):
    wheels = [Path(pydicom.__file__).parent / "data", Path(data_store.__file__).parent / "data"]
    for folder in [*wheels, *map(Path, folders)]:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix.lower() in ("", ".dcm"):
                yield folder, path


def decode(path, out):
    dataset = pydicom.dcmread(path)
    syntax = dataset.file_meta.TransferSyntaxUID
    frame = pixel_array(dataset, index=0)
    frame = frame.astype(frame.dtype.newbyteorder("<"))
    frame.tofile(out)
    fact = {
        "syntax": syntax,
        "dtype": frame.dtype.name,
        "shape": frame.shape,
        "photometric": dataset.PhotometricInterpretation,
        "sha256": hashlib.sha256(frame.tobytes()).hexdigest(),
    }
    return fact


def main(out, folders):
    facts = []
    for number, (folder, path) in enumerate(find_files(folders)):
        fact = {"path": str(path), "name": str(path.relative_to(folder))}
        try:
            fact["pixels"] = decode(path, out / f"{number}.raw")
        except Exception as error:  # whatever keeps it from decoding
            fact["error"] = type(error).__name__
        facts.append(fact)
    (out / "files.json").write_text(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
