"""Reading untrusted tables: chunk by chunk, within limits, with a finding for every fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hmix_hub.file_forms import foreign_form
from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.chunks import WHOLE, Chunk, Piece, UnreadableError
from hmix_hub.studies.reading.csv_file import read_csv
from hmix_hub.studies.reading.json_file import read_json, read_jsonl
from hmix_hub.studies.reading.parquet_file import read_parquet
from hmix_hub.studies.reading.text import TableFile
from hmix_hub.studies.rules import files as rules


def read_chunks(
    path: Path, name: str, report: Report, *, is_tolerant: bool = False, piece: Piece = WHOLE
) -> Iterator[Chunk]:
    """Read a file chunk by chunk; reading ends, with a finding, at the first part that cannot be read.

    The extension determines the format, and findings refer to the file by `name`, its path within the study. A tolerant
    reader of CSV continues despite a wrong encoding, delimiter or line endings. `piece` is one of `pieces_of` the file.
    """
    try:
        with TableFile(path) as file:
            yield from _reader(file, name, report, is_tolerant=is_tolerant, piece=piece)
    except UnreadableError as error:
        report.add(error.rule, file=name, row=error.row, note=str(error))
    except OSError as error:
        report.add(rules.UNREADABLE, file=name, note=error.strerror or str(error))


def _reader(file: TableFile, name: str, report: Report, *, is_tolerant: bool, piece: Piece) -> Iterator[Chunk]:
    path = file.path
    form = foreign_form(file.raw, path.name)
    if form is not None:
        raise UnreadableError(str(form), rule=rules.FOREIGN)
    endings = path.name.lower()
    if endings.endswith(".parquet"):
        return read_parquet(path, piece)
    if endings.endswith((".jsonl", ".jsonl.gz")):
        return read_jsonl(file, name, report)
    if endings.endswith(".json"):
        return read_json(file, name, report)
    return read_csv(file, name, report, is_tolerant=is_tolerant)
