"""Texts from files that anybody may have made: read within a bound, as UTF-8."""

from __future__ import annotations

from pathlib import Path

from hmix_hub.errors import StudyFileError, Where


def read_bounded(path: Path, name: str, *, limit: int, hint: str) -> str:
    """Read a text file; a byte order mark is left out.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    limit
        Bytes at most.
    hint
        What to do about a file that is too large, or not UTF-8.

    Raises
    ------
    StudyFileError
        If it cannot be read, is larger, or is not UTF-8; then the line is named.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise StudyFileError(msg, where=Where(name), hint="make the file readable") from None
    if len(content) > limit:
        msg = f"larger than {limit} bytes"
        raise StudyFileError(msg, where=Where(name), hint=hint)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        msg = f"not UTF-8 at byte {error.start}"
        raise StudyFileError(msg, where=Where(name, line=line), hint=hint) from None
