"""Image columns: the pictures of a table as PNG, which the Hub's viewer shows."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, SchemaError, Where, nearest
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import encode, take
from hmix_hub.sources.image_set import ImageSet, size_text
from hmix_hub.stimuli.drawing import draw, take_endpoints
from hmix_hub.stimuli.mixtures import check_endpoints, mixtures_of, pairs_of
from hmix_hub.stimuli.sizes import Size, of_each_size, resized, sizes_of

IMAGES = {"mixed": ("image",), "endpoints": ("image_1", "image_2")}
"""Columns of each kind of pictures."""


def check_images(images: object) -> str | None:
    """Check that a kind of pictures exists; `None`: no pictures.

    Raises
    ------
    ConfigurationError
        If there is no such kind.
    """
    if images is None:
        return None
    if not isinstance(images, str) or images not in IMAGES:
        msg = f"images are 'mixed', 'endpoints' or None, not {images!r}"
        raise ConfigurationError(msg, hint=nearest(images, IMAGES, label="kinds of pictures"))
    return images


def image_features(images: str | None) -> dict[str, Any]:
    """Return the Hugging Face features of the image columns."""
    from datasets import Image

    return {name: Image() for name in IMAGES[images]} if images else {}


def add_image_columns(
    table: pa.Table,
    task: str,
    vocabulary: Vocabulary,
    images: str,
    image_sets: Mapping[str, ImageSet],
    *,
    compressed: bool = True,
) -> pa.Table:
    """Add the pictures of N rows to their table.

    Parameters
    ----------
    table
        Judgments or stimuli, schema 2.
    task
        Their task.
    vocabulary
        Class names that the labels refer to.
    images
        "mixed" or "endpoints".
    image_sets
        The image sets that it names.
    compressed
        Whether PNGs are compressed; uncompressed ones are written ten times and read three times as fast.

    Returns
    -------
    pyarrow.Table
        The table with the columns `IMAGES[images]` added: struct of PNG bytes and a null path, each distinct picture
        encoded once; null if there is no second picture.

    Raises
    ------
    ConfigurationError, SchemaError
        If a row has no such picture.
    """
    check_endpoints(table, vocabulary, image_sets)
    mixtures = mixtures_of(table, task) if images == "mixed" else pairs_of(table)
    for which, name in enumerate(IMAGES[images]):
        is_there = np.ones(len(mixtures), dtype=bool) if images == "mixed" or not which else mixtures.second >= 0
        pngs: list[bytes | None] = [None] * len(mixtures)
        there, of_one = np.flatnonzero(is_there), None if images == "mixed" else which
        for _, at in of_each_size(sizes_of(mixtures, image_sets, there, of_one)):
            chosen = there[at]
            if images == "mixed":
                drawn = draw(mixtures, image_sets, chosen)
            else:
                drawn = take_endpoints(mixtures, image_sets, which, chosen)
            for place, picture in zip(chosen.tolist(), drawn, strict=True):
                pngs[place] = encode_png(picture) if compressed else store_png(picture)
        encoded = pa.array(pngs, pa.binary())
        # More than 2 GiB are already in several chunks.
        of_rows = take(
            encoded if isinstance(encoded, pa.ChunkedArray) else pa.chunked_array([encoded]), mixtures.of_row
        )
        kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
        chunks = [
            pa.StructArray.from_arrays(
                [piece, pa.nulls(len(piece), pa.string())], ["bytes", "path"], mask=piece.is_null()
            )
            for piece in of_rows.chunks
        ]
        table = table.append_column(name, pa.chunked_array(chunks, kind))
    return table


def encode_png(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture, uint8 (3, H, W), losslessly encoded."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))).save(stream, "PNG")
    return stream.getvalue()


def store_png(picture: npt.NDArray[np.uint8]) -> bytes:
    """Encode a picture, uint8 (3, H, W), as an uncompressed PNG, as specified for PNG."""
    _, height, width = picture.shape
    # Each line begins with a byte for its filter: 0 is none.
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    lines[:, 1:] = picture.transpose(1, 2, 0).reshape(height, 3 * width)
    eight_bits, rgb = 8, 2
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, eight_bits, rgb, 0, 0, 0),
        b"IDAT": zlib.compress(lines.tobytes(), 0),
        b"IEND": b"",
    }
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts.items()
    ]
    return b"".join([b"\x89PNG\r\n\x1a\n", *chunks])


def decode_images(name: str, column: pa.ChunkedArray, size: Size | None = None) -> npt.NDArray[np.uint8]:
    """Decode an image column, uint8 (N, 3, H, W), each distinct picture once, resized to a size if given.

    Raises
    ------
    ConfigurationError
        If its pictures are not in the table or differ in size, or it is not an image column.
    """
    from PIL import Image

    if "bytes" not in {column.type.field(i).name for i in range(column.type.num_fields)}:
        msg = f"column {name!r} of type {column.type} has no tensor form"
        raise ConfigurationError(msg, hint="choose columns with columns=")
    codes, pngs = encode(pc.struct_field(column, "bytes"))
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        msg = "a picture is missing"
        raise SchemaError(msg, where=Where(row=row, column=name), hint="remove such rows or this column")
    pictures = [np.asarray(Image.open(io.BytesIO(png.as_py())).convert("RGB")).transpose(2, 0, 1)[None] for png in pngs]
    if size is not None:
        pictures = [resized(picture, size) for picture in pictures]
    sizes = {picture.shape[2:]: None for picture in pictures}
    if len(sizes) > 1:
        told = " and ".join(map(size_text, list(sizes)[:2]))
        msg = f"the pictures of column {name!r} differ in size: {told}"
        raise ConfigurationError(msg, hint="resize them with image_size=(height, width), or leave the column out")
    table = np.concatenate(pictures) if pictures else np.zeros((0, 3, 32, 32), dtype=np.uint8)
    return table[codes]
