"""What an explorer's folder holds, and what the package says of the same judgments."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.judgments.conditions import check_columns, select_rows
from hmix_hub.judgments.grammar import parse_filters
from hmix_hub.tables import arrow_columns, vocabularies_of


def handed(path: Path) -> tuple[str, Any]:
    """Return the name and the content that a script of the folder hands to the page."""
    text = path.read_text(encoding="utf-8")
    start, end = "hmix.receive(", ");\n"
    assert text.startswith(start)
    assert text.endswith(end)
    name, content = json.loads(f"[{text[len(start) : -len(end)]}]")
    return name, content


def metadata_of(folder: Path) -> dict[str, Any]:
    """Return the metadata of an explorer."""
    name, content = handed(folder / "data" / "explorer.js")
    assert name == "explorer"
    return content


def table_of(folder: Path, name: str) -> pa.Table:
    """Return a table of an explorer by its name: "infer_mixing_factor", "infer_mixing_factor.stimuli"."""
    with pa.ipc.open_stream((folder / "data" / f"{name}.arrow").read_bytes()) as reader:
        return reader.read_all()


def bytes_of(path: Path) -> bytes:
    """Return the bytes that a script of the folder hands to the page in place of a file."""
    return base64.b64decode(handed(path)[1])


def rows_that_meet(dataset: Any, **filters: Any) -> list[int]:
    """Return the rows of a dataset that `hmix_hub.filter` keeps, by their numbers."""
    conditions = parse_filters(filters)
    table = arrow_columns(dataset, check_columns(conditions, dataset.column_names) or ["flags"])
    (mask,), _ = select_rows([table], conditions, [vocabularies_of(dataset.features)])
    return np.flatnonzero(mask).tolist()
