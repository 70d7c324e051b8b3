"""Decodes every DICOM file of pydicom's wheels and of the folders given, and tells what came out.

Usage: decode_all.py OUT [FOLDER ...]. Writes OUT/files.json and, for each decoded file, its first frame as OUT/N.raw: the
bytes of pydicom's pixel_array, little endian. Where the film says how it is to be shown, OUT/N.shown holds that as bytes of gray.
"""

import hashlib
import json
import sys
import warnings
from pathlib import Path

import data_store
import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut, apply_windowing, pixel_array

warnings.simplefilter("ignore")


def find_files(folders):
    wheels = [Path(pydicom.__file__).parent / "data", Path(data_store.__file__).parent / "data"]
    for folder in [*wheels, *map(Path, folders)]:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix.lower() in ("", ".dcm"):
                yield folder, path


def show(dataset, frame):
    """0..255 through the modality and VOI stages; None where the film has no VOI stage, or padding that we show black."""
    is_gray = dataset.PhotometricInterpretation.startswith("MONOCHROME")
    has_voi = "WindowCenter" in dataset or dataset.get("VOILUTSequence")
    if not is_gray or not has_voi or "PixelPaddingValue" in dataset:
        return None
    if dataset.get("VOILUTSequence"):
        low, high = 0, 2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1
    else:
        low, high = apply_windowing(np.array([-1e9, 1e9]), dataset)
    shown = apply_voi_lut(apply_modality_lut(frame, dataset), dataset, prefer_lut=True)
    gray = np.clip((shown - low) * (255 / (high - low)), 0, 255)
    return np.floor((255 - gray if dataset.PhotometricInterpretation == "MONOCHROME1" else gray) + 0.5).astype(np.uint8)


def decode(path, out):
    dataset = pydicom.dcmread(path)
    syntax = dataset.file_meta.TransferSyntaxUID
    frame = pixel_array(dataset, index=0)
    frame = frame.astype(frame.dtype.newbyteorder("<"))
    frame.tofile(out)
    shown = show(dataset, frame)
    if shown is not None:
        shown.tofile(out.with_suffix(".shown"))
    fact = {
        "syntax": syntax,
        "dtype": frame.dtype.name,
        "shape": frame.shape,
        "photometric": dataset.PhotometricInterpretation,
        "shown": shown is not None,
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
