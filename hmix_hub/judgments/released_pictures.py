"""Pictures of a table in the released layout: the labels and ids that its columns or its names give."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.released import PICTURE_SUFFIX

LAYOUT_HINT = "the table is not in the released layout, schema 1.0.0"


def pictures(released: pa.Table, vocabulary: Vocabulary) -> dict[str, pa.Array]:
    """Return the four image columns; image 2 is null throughout where the table has no label2.

    Raises
    ------
    SchemaError
        At the first label, id or pair that cannot be read, with its row.
    """
    if "label1" in released.column_names and "label2" not in released.column_names:
        nothing = pa.nulls(released.num_rows, pa.int32())
        return {
            "image_1_label": _labels(released["label1"], vocabulary),
            "image_1_index": whole_numbers(released["id1"], "id1"),
            "image_2_label": nothing.cast(pa.int64()),
            "image_2_index": nothing,
        }
    if "label1" in released.column_names:
        parts = {name: released[name] for name in ("label1", "id1", "label2", "id2")}
    else:
        parts = _split_pairs(released["class_pair"], vocabulary)
    return {
        "image_1_label": _labels(parts["label1"], vocabulary),
        "image_1_index": whole_numbers(parts["id1"], "id1"),
        "image_2_label": _labels(parts["label2"], vocabulary),
        "image_2_index": whole_numbers(parts["id2"], "id2"),
    }


def _split_pairs(pairs: pa.ChunkedArray, vocabulary: Vocabulary) -> dict[str, pa.ChunkedArray]:
    """Split pair ids; by the class names, since these may hold underscores and digits themselves."""
    label = "|".join(re.escape(name) for name in sorted(vocabulary.names, key=len, reverse=True))
    pattern = rf"^(?i:(?P<label1>{label})_(?P<id1>\d+)_(?P<label2>{label})_(?P<id2>\d+))$"
    parts = pc.extract_regex(pairs, pattern)
    classes = ", ".join(vocabulary.names)
    refuse_first(pc.is_null(parts), pairs, "class_pair", f"is no pair <Label1>_<id1>_<Label2>_<id2> of {classes}")
    return {name: pc.struct_field(parts, name) for name in ("label1", "id1", "label2", "id2")}


def _labels(names: pa.ChunkedArray, vocabulary: Vocabulary) -> pa.Array:
    found = pc.index_in(pc.utf8_lower(names), pa.array([name.lower() for name in vocabulary.names]))
    refuse_first(pc.is_null(found), names, "label", f"is none of the classes {', '.join(vocabulary.names)}")
    return found.cast(pa.int64())


def whole_numbers(numbers: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """Return numbers as int32; 1.0.0 writes the picture ids as floats."""
    floats = numbers.cast(pa.float64())
    values = floats.fill_null(0).to_numpy()
    bad = (values != np.floor(values)) | (np.abs(values) > np.iinfo(np.int32).max)
    refuse_first(bad, numbers, column, "is no whole number of 32 bits")
    return floats.cast(pa.int32())


def refuse_first(bad: pa.ChunkedArray, values: pa.ChunkedArray, column: str, complaint: str) -> None:
    """Raise an error for the first of N values that is bad; true in `bad`.

    Raises
    ------
    SchemaError
        If there is one.
    """
    rows = np.flatnonzero(bad.to_numpy(zero_copy_only=False) if hasattr(bad, "type") else bad)
    if len(rows):
        row = int(rows[0])
        msg = f"{values[row].as_py()!r} {complaint}"
        raise SchemaError(msg, where=Where(row=row, column=column), hint=LAYOUT_HINT)


def check_names(released: pa.Table, table: pa.Table) -> None:
    """Check that the names of the pair and the picture say what the row's other columns say."""
    for column, identifier in (("class_pair", "pair_id"), ("filename", "stimulus_id")):
        if column in released.column_names and identifier in table.column_names:
            names = pc.replace_substring_regex(released[column], re.escape(PICTURE_SUFFIX) + "$", "")
            complaint = "contradicts the row's coefficient, labels or ids"
            differs = pc.not_equal(pc.utf8_lower(names), pc.utf8_lower(table[identifier]))
            refuse_first(differs, released[column], column, complaint)
