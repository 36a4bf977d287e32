"""The scale of each rating, spelled as in study.yaml; the study's only scale if the file has no such column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import nearest
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.findings import Ints, Reporter
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.rules import answers as rules
from hmix_hub.studies.rules import columns as column_rules


class ScaleReader:
    """Reader of the column `scale` of one file, chunk by chunk.

    Parameters
    ----------
    manifest
        Manifest of the study; scale names are matched ignoring case. A draft with an open name accepts any name.
    reporter
        Reporter for the column.
    """

    def __init__(self, manifest: Manifest, reporter: Reporter) -> None:
        self._rated = manifest.rated
        self._names = list(manifest.rated)
        self._is_open = not self._names or any(map(is_placeholder, self._names))
        self._by_lower = {name.lower(): name for name in self._names}
        self._reporter = reporter
        self._has_told = False

    def read(self, written: pa.Array | None, rows: Ints) -> pa.Array:
        """Return the scale of N rows as text; null where missing or unknown.

        Parameters
        ----------
        written
            N texts; `None` if the file has no such column.
        rows
            int64 (N,): their data rows.
        """
        if written is None:
            if len(self._names) != 1 and not self._has_told:
                self._reporter.add(column_rules.COLUMN_MISSING, note=self._listed())
                self._has_told = True
            written = pa.nulls(len(rows), pa.string())
        named = written if self._is_open else self._known(written, rows)
        missing = as_mask(written.is_null())
        if not missing.any():
            return named
        if len(self._names) == 1:
            # Fill only missing names, not unknown ones.
            return pc.if_else(pa.array(missing), pa.scalar(self._names[0]), named)
        if not self._has_told:
            self._reporter.add_where(column_rules.MISSING, missing, rows, None, self._listed())
        return named

    def on_steps(self, named: pa.Array, ratings: pa.Array) -> pa.Array:
        """Return N ratings, with steps of their scale made exact to the last bit, so that equal steps compare equal.

        Parameters
        ----------
        named
            Their scales, as returned by `read`.
        ratings
            N numbers; null where missing.
        """
        given = np.asarray(ratings.to_numpy(zero_copy_only=False), dtype=np.float64)
        exact = given.copy()
        for name, scale in self._rated.items():
            if scale.steps is not None:
                own = as_mask(pc.equal(named, name))
                own &= scale.are_steps(given)
                exact[own] = scale.nearest(given[own])
        return pa.array(exact, mask=as_mask(ratings.is_null()))

    def _known(self, written: pa.Array, rows: Ints) -> pa.Array:
        encoded = written.dictionary_encode()
        given = encoded.dictionary.to_pylist()
        names = [self._by_lower.get(name.lower()) for name in given]
        if None in names:
            indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            unknown = np.isin(indices, [number for number, name in enumerate(names) if name is None])
            self._reporter.add_where(
                rules.SCALE_UNKNOWN,
                unknown,
                rows,
                written,
                lambda row: nearest(written[row].as_py(), self._names, label="scales"),
            )
        return pc.take(pa.array(names, pa.string()), encoded.indices)

    def _listed(self) -> str:
        if not self._names:
            return "study.yaml lists no scales"
        return f"it is optional only in studies with one scale; this study has {', '.join(self._names)}"
