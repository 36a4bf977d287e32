"""Hostile files: small on disk, and meant to exhaust memory or time; each with the rule that it is to break."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable

import pyarrow as pa
from pyarrow import parquet

from hmix_hub.studies.example import example_study

Files = dict[str, bytes]
TABLE = "judgments/infer_mixing_factor"
_EXAMPLE = example_study()
_CSV = _EXAMPLE[f"{TABLE}.csv"]
_HEADER = _CSV.split(b"\n")[0] + b"\n"


def _table(content: bytes, ending: str = "csv") -> Files:
    files = {name: kept for name, kept in _EXAMPLE.items() if not name.startswith("judgments/")}
    return files | {f"{TABLE}.{ending}": content}


def _manifest(content: bytes) -> Files:
    return _EXAMPLE | {"study.yaml": content}


def _bomb(block: bytes, times: int) -> bytes:
    """Compress a block that is repeated: 64 MiB take 64 kB."""
    deflate = zlib.compressobj(9, wbits=31)
    one = deflate.compress(block * (2**26 // len(block))) + deflate.flush()
    return one * times


def _parquet(**columns: pa.Array) -> Files:
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream, compression="zstd")
    return _table(stream.getvalue(), "parquet")


def _rows(times: int) -> Files:
    """Repeat a million rows of nothing but one value."""
    stream, table = io.BytesIO(), pa.table({"participant_id": pa.repeat("p01", 2**20), "trial_index": pa.nulls(2**20)})
    with parquet.ParquetWriter(stream, table.schema, compression="zstd") as writer:
        for _ in range(times):
            writer.write_table(table)
    return _table(stream.getvalue(), "parquet")


def _list(length: int, rows: int) -> Files:
    """Hold one list of a length, of one value, and rows of nothing."""
    offsets = pa.array([0, *[length] * rows], pa.int32())
    return _parquet(impossible_classes=pa.ListArray.from_arrays(offsets, pa.repeat(pa.scalar(1, pa.int8()), length)))


def _repeated(length: int, times: int) -> pa.Array:
    """Repeat a long text; small here and in the file, and huge where it is written out."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), pa.array(["x" * length]))


def _own(*, size: int, rows: int = 1) -> Files:
    """Bring a picture whose header says how large it is, in a list of so many rows."""
    head = b"\x00\x00\x00\rIHDR" + size.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    picture = b"\x89PNG\r\n\x1a\n" + head + zlib.crc32(head[4:]).to_bytes(4, "big") + b"\x00\x00\x00\x00IEND\xaeB`\x82"
    manifest = _EXAMPLE["study.yaml"].replace(b"cifar10/test", b"own")
    return _EXAMPLE | {
        "study.yaml": manifest,
        "stimuli/images.csv": b"file,label\n" + b"a.png,dog\n" * rows,
        "stimuli/a.png": picture,
    }


def _aliases() -> bytes:
    return b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (i + 1, i + 1, i, i) for i in range(97, 121))


HOSTILE: dict[str, tuple[str, Callable[[], Files]]] = {
    "a cell of 10 MB": ("HMX507", lambda: _table(_CSV.replace(b"p01,", b'"' + b"p" * 10_000_000 + b'",', 1))),
    "a cell of 10 MB in JSON": ("HMX507", lambda: _table(json.dumps({"x_a": "a" * 10_000_000}).encode(), "jsonl")),
    "a header of 20 MB": ("HMX506", lambda: _table(b"a" * 20_000_000)),
    "a quote without its other": ("HMX507", lambda: _table(_HEADER + b'"' + _CSV * 2000)),
    "20,000 columns": (
        "HMX535",
        lambda: _table(b",".join(b"x_%d" % n for n in range(20_000)) + b"\n"),
    ),
    "20,000 keys": ("HMX535", lambda: _table(json.dumps({f"x_{n}": n for n in range(20_000)}).encode(), "jsonl")),
    "a million short rows": ("HMX505", lambda: _table(_HEADER + b"a\n" * 1_000_000)),
    "two million blank lines": ("HMX508", lambda: _table(_HEADER + b"\n" * 2_000_000)),
    "JSON nested deeply": ("HMX506", lambda: _table(b'{"a":' * 1_000_000, "jsonl")),
    "JSON of empty lists": ("HMX530", lambda: _table(b'{"x_a":[' + b"[]," * 1_000_000 + b"[]]}", "jsonl")),
    "8 GiB of zeros": ("HMX507", lambda: _table(_bomb(b"\x00", 128), "csv.gz")),
    "8 GiB of rows": ("HMX507", lambda: _table(_bomb(b"p01,1,dog,0.5\n", 128), "csv.gz")),
    "8 GiB of JSON": ("HMX507", lambda: _table(_bomb(b'{"x_a": "aaaaaaaaaaaaaaaaaaaa"}\n', 128), "jsonl.gz")),
    "50,000 empty members": ("HMX508", lambda: _table(gzip.compress(_HEADER) + gzip.compress(b"") * 50_000, "csv.gz")),
    "one text of 100 kB 200,000 times": ("HMX507", lambda: _parquet(x_a=_repeated(100_000, 200_000))),
    "one text in lists": (
        "HMX507",
        lambda: _parquet(
            x_a=pa.ListArray.from_arrays(pa.array(range(100_001), pa.int32()), _repeated(100_000, 100_000))
        ),
    ),
    "16 million rows of one value": ("HMX507", lambda: _rows(16)),
    "a list of 20 million values among others": ("HMX507", lambda: _list(20_000_000, 60_000)),
    "a picture of 100,000 x 100,000": ("HMX568", lambda: _own(size=100_000)),
    "6 million rows of one picture": ("HMX568", lambda: _own(size=2, rows=6_000_000)),
    "aliases of aliases": ("HMX521", lambda: _manifest(_aliases())),
    "YAML nested deeply": ("HMX521", lambda: _manifest(b"a: " + b"[" * 500_000)),
    "a megabyte of YAML": ("HMX522", lambda: _manifest(b"a:\n" + b"- b\n" * 250_000)),
    "two megabytes of YAML": ("HMX521", lambda: _manifest(b"#" * 2_000_000)),
    "an object of Python": ("HMX521", lambda: _manifest(b"id: !!python/object/apply:os.system [ls]\n")),
    "a licence of brackets": (
        "HMX522",
        lambda: _manifest(_EXAMPLE["study.yaml"].replace(b"CC0-1.0", b'"' + b"(" * 100_000 + b'"')),
    ),
    # Last, since Arrow keeps what it was given.
    "a text of 100 MB": ("HMX507", lambda: _parquet(x_a=pa.array(["x" * 100_000_000]))),
}
