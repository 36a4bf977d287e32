"""Proposals of column maps: a commented map for a raw file, to be checked by its owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from hmix_hub.contribute.proposal.proposed import written
from hmix_hub.contribute.proposal.proposer import ROWS, propose
from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.files import new_file
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers import read_raw

_FILES = 100


def read_sample(paths: Sequence[Path], layout: Mapping[str, Any] = MappingProxyType({})) -> tuple[pa.Table, list[str]]:
    """Read the first rows of raw files of the same form into one table.

    Parameters
    ----------
    paths
        The files, of which the first 100 are read.
    layout
        Position of the table in each file: `skip`, `header` and `sheet`, as in a column map.

    Returns
    -------
    tuple
        Columns of text, "" if a file lacks the column; and notes on how the files were read.

    Raises
    ------
    SourceMissingError, ConfigurationError
        See `hmix_hub.importing.readers.read_raw`.
    SchemaError
        If a file cannot be read, or none has a row.
    """
    outcome = Outcome()
    # A session that ended early has fewer rows than others, or none.
    parts = [read_raw(path, outcome, **layout).slice(0, ROWS) for path in paths[:_FILES]]
    parts = [part for part in parts if part.num_rows]
    if not parts:
        msg = "there are no rows from which a column map could be proposed"
        raise SchemaError(msg, where=Where(str(paths[0])), hint="name an export that contains answers")
    table = pa.concat_tables(parts, promote_options="default")
    filled = [column.fill_null("") if pa.types.is_string(column.type) else column for column in table.columns]
    return pa.table(filled, names=table.column_names), outcome.notes_on_files


def proposed_map(
    table: pa.Table, *, task: str | None = None, layout: Mapping[str, Any] = MappingProxyType({})
) -> tuple[str, int]:
    """Return a proposed column map for a raw table, as commented YAML, and the number of undecided lines.

    Parameters
    ----------
    table
        Columns of text, from `read_sample`.
    task
        Name of the task; `None`: the one that best fits the answers.
    layout
        Position of the table in its file, which is written into the map.
    """
    proposal = propose(table, task)
    return written(proposal, layout), len(proposal.open_lines)


def write_map(path: Path, text: str) -> None:
    """Write a column map as a new file.

    Raises
    ------
    ConfigurationError
        If the file exists, since it may contain decisions.
    OSError
        If it cannot be written.
    """
    try:
        new_file(path, text.encode(), mode=0o666)
    except FileExistsError:
        msg = "this file already exists"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a new one with -o") from None
