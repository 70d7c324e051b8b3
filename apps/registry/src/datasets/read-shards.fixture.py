"""Reads shards with the libraries that researchers use. Arguments: the shards' URLs, the same ones behind a proxy that adds
the token, and the token. Prints what each library found, as JSON."""
import json
import sys

import datasets
import fsspec
import polars
import pyarrow.dataset
import pyarrow.parquet

URLS, PROXIED, TOKEN = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
FILES = fsspec.filesystem(URLS[0].split(":")[0], headers=HEADERS)


def describe(rows):
    return {
        "labels": [row["label"] for row in rows],
        "indices": [row["index"] for row in rows],
        "bytes": [len(row["image"]["bytes"]) for row in rows],
    }


def read_tail_with_fsspec():
    with fsspec.open(URLS[0], headers=HEADERS) as file:
        file.seek(-4, 2)
        return {"size": file.size, "tail": file.read().decode("ascii"), "etag": FILES.info(URLS[0])["ETag"]}


def scan_with_pyarrow():
    return describe(pyarrow.dataset.dataset(URLS, filesystem=FILES, format="parquet").to_table().to_pylist())


def read_one_column_with_pyarrow():
    with FILES.open(URLS[0], block_size=1024) as file:
        return pyarrow.parquet.ParquetFile(file).read(columns=["index"])["index"].to_pylist()


def stream_with_datasets():
    stream = datasets.load_dataset(
        "parquet", data_files=URLS, split="train", streaming=True, storage_options={"headers": HEADERS}
    )
    first = next(iter(stream))["image"]
    raw = stream.cast_column("image", datasets.Image(decode=False))
    return {"names": stream.features["label"].names, "size": first.size, **describe(list(raw))}


def scan_with_polars_over_fsspec():
    return describe(polars.concat(polars.scan_parquet(FILES.open(url)) for url in URLS).collect().to_dicts())


def scan_with_polars():
    """Its own HTTP reader sends no header of ours: https://github.com/pola-rs/polars/issues/17197."""
    return describe(polars.scan_parquet(PROXIED).collect().to_dicts())


READERS = [
    read_tail_with_fsspec,
    scan_with_pyarrow,
    read_one_column_with_pyarrow,
    stream_with_datasets,
    scan_with_polars_over_fsspec,
    scan_with_polars,
]
print(json.dumps({read.__name__: read() for read in READERS}))
