"""Archives of JATOS (.zip, .jzip, .jrzip): the texts that its studies sent, one after another."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

import pyarrow as pa

from hmix_hub.errors import first_line
from hmix_hub.file_forms import begins_json
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers.raw_file import RawFile, RawText
from hmix_hub.importing.readers.text_files import read_json_stream, read_table_stream
from hmix_hub.studies.reading.chunks import INFLATED_FREE, INFLATED_RATIO
from hmix_hub.studies.reading.json_file import SIZE_LIMIT
from hmix_hub.studies.rules import files as rules

_RESULT = re.compile(r"(?:^|/)data\.txt$")
_NUMBER = re.compile(r"(\d+)")
_ENTRIES = 100_000


def is_jatos_archive(raw: RawFile) -> bool:
    """Whether a file is an archive with results of JATOS, each a data.txt in a folder of its own."""
    return raw.head.startswith(b"PK\x03\x04") and not raw.is_compressed and bool(_results(raw))


def _results(raw: RawFile) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(raw.path) as archive:
            infos = archive.infolist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return []
    return [info for info in infos[:_ENTRIES] if _RESULT.search(info.filename)]


def read_jatos_archive(raw: RawFile, outcome: Outcome) -> pa.Table:
    """Read the results of a JATOS archive, in the order of their numbers."""
    parts: list[bytes] = []
    size = 0
    try:
        with zipfile.ZipFile(raw.path) as archive:
            for info in sorted(_results(raw), key=_place):
                size += info.file_size
                if size > min(SIZE_LIMIT, INFLATED_FREE + INFLATED_RATIO * raw.path.stat().st_size):
                    raw.refuse(f"its results come to more than {size:,} bytes", rule=rules.TOO_LARGE)
                parts.append(archive.read(info))
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile) as error:
        raw.refuse(f"the archive is damaged, or locked by a password: {first_line(error)}")
    outcome.remark(raw.path, f"an archive of JATOS, of which {len(parts)} data.txt were read")
    read = read_json_stream if begins_json(parts[0].lstrip()) else read_table_stream
    with RawText(raw.path, stream=io.BytesIO(b"\n".join(parts))) as text:
        return read(raw, text, outcome)


def _place(info: zipfile.ZipInfo) -> list[tuple[int, str]]:
    """Return what files are ordered by: comp-result_9 comes before comp-result_10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in _NUMBER.split(info.filename)]
