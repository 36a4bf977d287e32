"""What pictures hold beside their pixels: places, names, remarks and dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from hmix_hub.contribute.privacy.masking import masked, masked_name
from hmix_hub.contribute.privacy.patterns import IDENTITIES
from hmix_hub.contribute.privacy.picture_entries import entries_of
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.rules import privacy as rules

PICTURE_LIMIT = 100_000
"""Pictures that are looked at."""
PICTURE_BYTES = 2**28
"""Size from which on a file is not opened; it is too large for a stimulus."""
_TEXT_LIMIT = 2**20
_POSITION = re.compile(r"GPS(?:Latitude|Longitude|Position|Dest)", re.IGNORECASE)


def check_pictures(folder: Path, names: Iterable[str], report: Report) -> None:
    """Find pictures that hold more than pixels.

    Parameters
    ----------
    folder
        The folder of stimuli.
    names
        Paths of its files within it; those that are no pictures are passed over.
    report
        Gets the findings, one for all pictures, since those of a study often come from one program.
    """
    for name, _ in zip(names, range(PICTURE_LIMIT), strict=False):
        path = folder / name
        if path.stat().st_size > PICTURE_BYTES:
            continue
        known: list[str] = []
        texts: list[str] = []
        for entry, text in entries_of(path):
            said = _identity(entry, text[:_TEXT_LIMIT])
            if said:
                known.append(said)
            else:
                texts.append(masked_name(entry))
        for rule, notes in ((rules.PICTURE_METADATA, known), (rules.PICTURE_TEXT, texts)):
            if notes:
                report.add(rule, file=STIMULI, value=masked_name(name), note=", ".join(dict.fromkeys(notes)))


def _identity(entry: str, text: str) -> str:
    """Say what an entry gives away for certain; empty where it does not."""
    if _POSITION.search(entry) or _POSITION.search(text):
        return "where it was taken"
    written = pa.array([text.encode("utf-8", "replace").decode()], pa.string())
    return next(_looks(entry, written), "")


def _looks(entry: str, written: pa.Array) -> Iterator[str]:
    for pattern in IDENTITIES:
        (found,) = pattern.finds(written)
        if found is not None:
            yield f"{masked_name(entry)} holds {masked(found)}, which looks like {pattern.what}"
