"""Check of computed columns that a contributed file has: they hold what the computation gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.errors import HMixError
from hmix_hub.schema import SYNTHETIC_FLAG, Kind
from hmix_hub.studies.checks.place import Mask, Place
from hmix_hub.studies.checks.values import as_text
from hmix_hub.studies.judgment_table import complete_pieces, given_flag, listed
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedPiece
from hmix_hub.studies.rules import columns as rules
from hmix_hub.studies.rules import manifest as manifest_rules
from hmix_hub.tasks import OBSERVED_FLAG, computed_columns

if TYPE_CHECKING:
    import pyarrow as pa

_TOLERANCE = 1e-9


class ComputedCheck:
    """Collector of the pieces of a file that has computed columns; of any other it keeps nothing.

    Parameters
    ----------
    task
        Task of the file.
    manifest
        What the study says of itself.
    """

    def __init__(self, task: str, manifest: Manifest) -> None:
        self._task, self._manifest = task, manifest
        self._columns = {column.name: column for column in computed_columns(task)}
        self._pieces: list[ObservedPiece] = []

    def add(self, piece: ObservedPiece) -> None:
        """Take rows up."""
        if any(name in self._columns for name in piece.extras):
            self._pieces.append(piece)

    def finish(self, place: Place) -> None:
        """Compare the columns with the computation, unless the file breaks a rule that it cannot be done without."""
        if not self._pieces or any(found.file == place.file for found in place.report.errors):
            return
        try:
            table = complete_pieces(self._pieces, self._manifest, self._task, place.file)
        except HMixError as error:
            for name in dict.fromkeys(name for piece in self._pieces for name in piece.extras if name in self._columns):
                place.report.add(rules.COMPUTED, file=place.file, column=name, row=error.where.row, note=error.message)
            return
        start = 0
        for piece in self._pieces:
            part = table.slice(start, len(piece))
            start += len(piece)
            for name, raw in piece.extras.items():
                if name in self._columns:
                    wanted = part[name].combine_chunks()
                    bad = ~_is_equal(raw, wanted, self._columns[name].kind)
                    place.of(name).tell(
                        rules.COMPUTED,
                        bad,
                        piece.rows,
                        raw,
                        lambda i, wanted=wanted: f"it is {wanted[i].as_py()}",  # type: ignore[misc]
                    )


def check_marks(piece: ObservedPiece, manifest: Manifest, place: Place) -> None:
    """Report rows that are marked as made by a program in a study that does not say so of itself."""
    if "flags" in piece.extras and not manifest.synthetic:
        raw = piece.extras["flags"]
        place.of("flags").tell(manifest_rules.SYNTHETIC_ROWS, given_flag([piece], SYNTHETIC_FLAG), piece.rows, raw)


def _is_equal(raw: pa.Array, wanted: pa.Array, kind: Kind) -> Mask:
    """Say of N values whether they are what is wanted; bool (N,)."""
    if kind is Kind.STRINGS:
        lists = listed(raw)
        if [SYNTHETIC_FLAG] in lists and all(given in (None, [], [SYNTHETIC_FLAG]) for given in lists):
            # A mark alone does not answer which flags the computation gives.
            return np.ones(len(lists), dtype=bool)
        pairs = zip(lists, wanted.to_pylist(), strict=True)
        return np.array([_without(given) == _without(right) for given, right in pairs], dtype=bool)
    if kind is Kind.DISTRIBUTION:
        pairs = zip(listed(raw), wanted.to_pylist(), strict=True)
        return np.array([_is_near(given, right) for given, right in pairs], dtype=bool)
    given = as_text(raw)
    texts = [str(value) for value in raw.to_pylist()] if given is None else given.to_pylist()
    return np.array([one == str(other) for one, other in zip(texts, wanted.to_pylist(), strict=True)], dtype=bool)


def _without(flags: list[object] | None) -> list[object] | None:
    return None if flags is None else [flag for flag in flags if flag not in (OBSERVED_FLAG, SYNTHETIC_FLAG)]


def _is_near(given: list[object] | None, right: list[float]) -> bool:
    if given is None or len(given) != len(right):
        return False
    try:
        return bool(np.allclose(np.array(given, dtype=np.float64), right, rtol=0, atol=_TOLERANCE))
    except (TypeError, ValueError):
        return False
