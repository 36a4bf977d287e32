"""Arrays of any Arrow type as plain text, numbers, booleans or lists."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.schema.vocabulary import LIST_MARK
from hmix_hub.studies.findings import Ints, Reporter
from hmix_hub.studies.rules import files as rules


def plain_array(raw: pa.Array) -> pa.Array:
    """Return N values without extension, dictionary or run-end encoding, and with float64 for other floats.

    32-bit numbers are converted through their text: 0.1 was meant, not 0.10000000149. The result is string, integer,
    float64, bool or null; other types are returned unchanged.
    """
    kind = raw.type
    inner = _inner(raw)
    if inner is not None:
        return plain_array(inner)
    if types.is_large_string(kind) or types.is_string_view(kind):
        return raw.cast(pa.string())
    if types.is_float32(kind):
        return pc.cast(pc.cast(raw, pa.string()), pa.float64())
    if types.is_float16(kind) or types.is_decimal(kind):
        return pc.cast(raw, pa.float64(), safe=False)
    return raw


def _inner(raw: pa.Array) -> pa.Array | None:
    """Return the values inside an encoding; `None` if they are not encoded."""
    if isinstance(raw.type, pa.BaseExtensionType):
        return raw.storage
    if types.is_dictionary(raw.type):
        return raw.dictionary_decode()
    return pc.run_end_decode(raw) if types.is_run_end_encoded(raw.type) else None


def is_whole(raw: pa.Array) -> bool:
    """Return whether an array is valid; Parquet does not guarantee that texts are UTF-8."""
    try:
        raw.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def broken_texts(raw: pa.Array) -> npt.NDArray[np.bool_]:
    """Return whether each of N texts is not UTF-8; bool (N,)."""
    if is_whole(raw):
        return np.zeros(len(raw), dtype=bool)
    return np.array([_is_broken(content) for content in raw.cast(pa.binary()).to_pylist()], dtype=bool)


def whole_texts(raw: pa.Array, rows: Ints, reporter: Reporter) -> pa.Array:
    """Return N texts, with null for those that are not UTF-8, which are reported."""
    broken = broken_texts(raw)
    if not broken.any():
        return raw
    reporter.add_where(rules.ENCODING, broken, rows)
    # Not with Arrow, which could not guarantee that the rest is valid.
    return pa.array([None if bad else text.as_py() for text, bad in zip(raw, broken, strict=True)], pa.string())


def _is_broken(content: bytes | None) -> bool:
    try:
        (content or b"").decode()
    except UnicodeDecodeError:
        return True
    return False


def as_text(raw: pa.Array) -> pa.Array | None:
    """Return an array of text as plain strings, "" where null; `None` for other types."""
    kind = raw.type.value_type if pa.types.is_dictionary(raw.type) else raw.type
    if pa.types.is_null(kind):
        return pa.array([""] * len(raw), pa.string())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return None
    text = raw if raw.type == pa.string() else pc.cast(raw, pa.string())
    return text.fill_null("") if text.null_count else text


def listed(raw: pa.Array) -> list[list[Any] | None]:
    """Return lists, written `a|b` or as JSON if they are text; `None` where missing or unreadable."""
    text = as_text(raw)
    if text is None:
        return [list(value) if isinstance(value, list | tuple) else None for value in raw.to_pylist()]
    encoded = text.dictionary_encode()
    lists = [_list(written) for written in encoded.dictionary.to_pylist()]
    return [lists[index] for index in encoded.indices.to_pylist()]


def _list(written: str) -> list[Any] | None:
    try:
        return items_of(written) if written else []
    except ValueError:
        return None


def items_of(written: str) -> list[Any]:
    """Return the items of a list written as `a|b` or JSON; raise `ValueError` for invalid JSON."""
    if not written.lstrip().startswith("["):
        return list(written.split(LIST_MARK))
    try:
        found: list[Any] = json.loads(written)
    except RecursionError as error:
        raise ValueError(str(error)) from None
    return found
