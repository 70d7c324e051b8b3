"""Writes the same films in each transfer syntax. Usage: ingest_films.py JOB.json

The job names `films`, a folder of DICOM films, `out`, and how many `small` (as they are) and `large` (2500 x 2048, 12 bits, with
the noise of an exposure) ones to write, and the `syntaxes`, or null for all. Every film has a window, so that every reader shows the same grays. Answers one line of JSON:
the folder of each set and syntax, with its bytes.
"""

import json
import sys
import warnings
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import generate_uid

warnings.simplefilter("ignore")

LARGE = (2500, 2048)
PLAIN = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "deflated": "1.2.840.10008.1.2.1.99",
    "big endian": "1.2.840.10008.1.2.2",
}
COMPRESSED = {
    "RLE": "1.2.840.10008.1.2.5",
    "JPEG baseline": "1.2.840.10008.1.2.4.50",
    "JPEG extended": "1.2.840.10008.1.2.4.51",
    "JPEG lossless": "1.2.840.10008.1.2.4.70",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
    "HTJ2K": "1.2.840.10008.1.2.4.201",
}


def encode(name, pixels, bits):
    """One frame as a compressed stream."""
    if name in ("JPEG baseline", "JPEG extended"):
        return imagecodecs.jpeg_encode(pixels, level=92, bitspersample=bits)
    if name == "JPEG lossless":
        return imagecodecs.ljpeg_encode(pixels, bitspersample=bits)
    if name == "JPEG-LS":
        return imagecodecs.jpegls_encode(pixels)
    if name == "JPEG 2000":
        return imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k", bitspersample=bits, reversible=True)
    return imagecodecs.htj2k_encode(pixels, reversible=True)


def describe(pixels, bits):
    """A radiograph without its pixels."""
    film = pydicom.Dataset()
    film.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    film.SOPInstanceUID, film.StudyInstanceUID = generate_uid(), generate_uid()
    film.Modality, film.PatientID, film.BodyPartExamined = "CR", "bench", "SPINE"
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.Rows, film.Columns = pixels.shape
    film.BitsAllocated = 8 * pixels.itemsize
    film.BitsStored, film.HighBit, film.PixelRepresentation = bits, bits - 1, 0
    low, high = int(pixels.min()), int(pixels.max())
    film.WindowCenter, film.WindowWidth = (low + high + 1) // 2, high - low + 1
    film.file_meta = FileMetaDataset()
    film.file_meta.MediaStorageSOPClassUID = film.SOPClassUID
    film.file_meta.MediaStorageSOPInstanceUID = film.SOPInstanceUID
    return film


def write(path, name, pixels, bits):
    if name == "JPEG baseline" and bits > 8:
        pixels, bits = (pixels >> (bits - 8)).astype(np.uint8), 8
    film = describe(pixels, bits)
    film.file_meta.TransferSyntaxUID = PLAIN.get(name) or COMPRESSED[name]
    if name in PLAIN:
        stored = pixels.astype(pixels.dtype.newbyteorder(">")) if name == "big endian" else pixels
        film.PixelData = stored.tobytes()
        film["PixelData"].VR = "OW"
    elif name == "RLE":
        film.file_meta.TransferSyntaxUID = PLAIN["explicit"]
        film.compress(COMPRESSED[name], pixels)
    else:
        film.PixelData = encapsulate([bytes(encode(name, pixels, bits))])
        film["PixelData"].VR, film["PixelData"].is_undefined_length = "OB", True
    film.save_as(path, enforce_file_format=True)


def enlarge(pixels, seed):
    """A film of a detector's size, 12 bits, whose noise grows with the root of the exposure."""
    shape = LARGE if pixels.shape[0] > pixels.shape[1] else LARGE[::-1]
    image = np.asarray(Image.fromarray(pixels.astype(np.float32)).resize(shape[::-1], Image.Resampling.BICUBIC))
    image = (image - image.min()) / (image.max() - image.min())
    noise = np.random.default_rng(seed).normal(0, 1, shape) * (4 + 8 * np.sqrt(image))
    return np.clip(200 + 3500 * image + noise, 0, 4095).astype(np.uint16)


def read_sources(folder, count):
    """Evenly spread gray films of the folder."""
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.suffix in ("", ".dcm"))
    films = []
    for path in paths[:: max(1, len(paths) // count)]:
        try:
            film = pydicom.dcmread(path)
            films.append((film.pixel_array, film.BitsStored))
        except Exception:  # broken on purpose, or no film
            continue
    return films[:count]


def main(job):
    sources = read_sources(job["films"], max(job["small"], job["large"]))
    large = [(enlarge(pixels, seed), 12) for seed, (pixels, _) in enumerate(sources[: job["large"]])]
    sets = {"small": sources[: job["small"]], "large": large}
    written = []
    for kind, films in sets.items():
        for name in job["syntaxes"] or [*PLAIN, *COMPRESSED]:
            if name == "JPEG extended" and kind == "small":
                continue  # of 12 bits only
            folder = Path(job["out"]) / f"{kind} {name}"
            folder.mkdir(parents=True)
            for number, (pixels, bits) in enumerate(films):
                write(folder / f"{number}.dcm", name, pixels, bits)
            size = sum(path.stat().st_size for path in folder.iterdir())
            megapixels = sum(pixels.size for pixels, _ in films) / 1e6
            facts = {"kind": kind, "syntax": name, "folder": str(folder), "films": len(films)}
            written.append({**facts, "megapixels": megapixels, "bytes": size})
    print(json.dumps(written))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
