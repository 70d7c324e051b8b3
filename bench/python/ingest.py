"""Reads films with pydicom and makes squares with Pillow, in as many processes as the job says."""

import multiprocessing
import time
import warnings
from pathlib import Path

import numpy as np
import PIL
import pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from serve import serve

SIDE = 256


def read(task):
    """One film: decode, rescale, window, cut out the middle square, shrink it, write it as PNG."""
    path, out = task
    warnings.simplefilter("ignore")
    film = pydicom.dcmread(path)
    shown = apply_voi_lut(apply_modality_lut(film.pixel_array, film), film)
    white = 2**film.BitsStored - 1  # the range of apply_voi_lut
    gray = Image.fromarray(np.clip(shown * (255 / white) + 0.5, 0, 255).astype(np.uint8))
    side = min(gray.size)
    left, top = (gray.width - side) // 2, (gray.height - side) // 2
    box = (left, top, left + side, top + side)
    square = gray.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)
    square.save(Path(out) / f"{Path(path).stem}.png")


class Contender:
    def __init__(self, job):
        self.pool = multiprocessing.Pool(job["processes"])

    def ingest(self, request):
        tasks = [(path, request["out"]) for path in request["paths"]]
        begin = time.perf_counter()
        for _ in self.pool.imap_unordered(read, tasks):
            pass
        return {"seconds": time.perf_counter() - begin}

    def compare(self, request):
        """The largest mean difference of two squares of the same name."""
        ours, theirs = map(Path, request["folders"])
        load = lambda path: np.asarray(Image.open(path), np.float32)
        differences = [np.abs(load(path) - load(theirs / path.name)).mean() for path in ours.iterdir()]
        return {"worst": float(max(differences))}

    def figures(self, _):
        return {"versions": {"pydicom": pydicom.__version__, "pillow": PIL.__version__}}


if __name__ == "__main__":
    serve(Contender)
