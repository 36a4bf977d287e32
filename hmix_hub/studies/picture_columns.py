"""Picture columns of a judgment file: indices and labels, filled in from the image set if missing."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import as_mask
from hmix_hub.schema.judgment import IMAGE_FILES
from hmix_hub.studies.columns.numbers import clean_text
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.folder import IMAGE_LIST
from hmix_hub.studies.picture_names import SEVERAL, UNLISTED
from hmix_hub.studies.pictures import KnownPictures
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import stimuli as rules

_NUMBERS = (1, 2)


class PictureColumns:
    """Fills in the indices and labels of one file's pictures, chunk by chunk.

    Parameters
    ----------
    names
        Columns of the file, under the schema's names.
    reporter
        Reporter for the file.
    pictures
        Function that returns the image set's pictures, or `None`; called once, and only if a column must be filled in.
    """

    def __init__(
        self,
        names: Collection[str],
        reporter: Reporter,
        pictures: Callable[[], KnownPictures | None],
    ) -> None:
        self._reporter = reporter
        self._files = [number for number, file in zip(_NUMBERS, IMAGE_FILES, strict=True) if file.name in names]
        has_second = "image_2_index" in names or 2 in self._files
        self._unlabelled = [
            number for number in _NUMBERS if f"image_{number}_label" not in names and (number == 1 or has_second)
        ]
        self._pictures = pictures() if self._files or self._unlabelled else None
        if self._pictures is None:
            self._tell_unknown()
        elif self._files and self._pictures.names is None:
            note = f"pictures of {self._pictures.name} have no file names: use image_1_index and image_2_index"
            for number in self._files:
                reporter.of(f"image_{number}_file").add(rules.FILE_UNLISTED, note=note)

    def _tell_unknown(self) -> None:
        """Report that nothing can be filled in, unless the pictures' faults are already reported."""
        if self._reporter.report.has(rules.PICTURES, file=IMAGE_LIST):
            return
        note = "it is optional only if `stimuli: source:` in study.yaml states which pictures were used"
        for number in self._unlabelled:
            self._reporter.of(f"image_{number}_label").add(column_rules.COLUMN_MISSING, note=note)
        for number in self._files:
            note = f"{IMAGE_LIST}, where names are looked up, is missing: create it with `hmix contribute pictures`"
            self._reporter.of(f"image_{number}_file").add(rules.FILE_UNLISTED, note=note)

    def fill(self, values: dict[str, pa.Array], present: dict[str, Mask], rows: Ints) -> None:
        """Fill in columns of N rows: `values` and `present` by column, for data rows, int64 (N,)."""
        for number in self._files:
            self._fill_index(number, values, present, rows)
        for number in self._unlabelled:
            self._fill_label(number, values, rows)

    def _fill_index(self, number: int, values: dict[str, pa.Array], present: dict[str, Mask], rows: Ints) -> None:
        file, index = f"image_{number}_file", f"image_{number}_index"
        texts, has_file = values.pop(file), present.pop(file)
        given = values.get(index, pa.nulls(len(rows), pa.int32()))
        found = self._found(texts, rows, self._reporter.of(file))
        has_index = present.get(index, np.zeros(len(rows), dtype=bool))
        if number == 1:
            self._reporter.of(file).add_where(
                column_rules.MISSING, ~has_file & ~has_index, rows, note="the picture has neither a file nor an index"
            )
        by_file = pa.array(found, mask=found < 0)
        differs = self._differing(number, by_file, given, texts, rows)
        both = pc.coalesce(given.cast(pa.int64()), by_file).cast(pa.int32())
        values[index] = pc.if_else(pa.array(differs), pa.scalar(None, pa.int32()), both)
        present[index] = has_file | has_index

    def _found(self, texts: pa.Array, rows: Ints, reporter: Reporter) -> Ints:
        """Look up names; report those that are unknown, ambiguous, or spelled differently from the list."""
        names = None if self._pictures is None else self._pictures.names
        if names is None:
            return np.full(len(texts), UNLISTED, dtype=np.int64)
        found = names.find(texts)
        unlisted = (found.indices == UNLISTED) & as_mask(texts.is_valid())
        if unlisted.any():
            # Clean only names that are not pictures: a picture may be named "none".
            rest = pc.if_else(pa.array(unlisted), texts, pa.scalar(None, pa.string()))
            unlisted &= as_mask(clean_text(rest, rows, reporter).is_valid())
        reporter.add_where(rules.FILE_UNLISTED, unlisted, rows, texts, lambda row: names.nearest(texts[row].as_py()))
        reporter.add_where(
            rules.FILE_AMBIGUOUS,
            found.indices == SEVERAL,
            rows,
            texts,
            lambda row: f"it could be {' or '.join(names.several(texts[row].as_py()))}",
        )
        reporter.add_where(
            rules.FILE_SPELLING,
            (found.indices >= 0) & ~found.is_as_listed,
            rows,
            texts,
            lambda row: f"listed as {names.names[found.indices[row]].as_py()}",
        )
        return found.indices

    def _differing(self, number: int, by_file: pa.Array, given: pa.Array, texts: pa.Array, rows: Ints) -> Mask:
        """Report rows whose file and index are different pictures; return which they are."""
        differs = as_mask(pc.not_equal(by_file, given.cast(pa.int64())))
        self._reporter.of(f"image_{number}_file").add_where(
            rules.FILE_INDEX,
            differs,
            rows,
            texts,
            lambda row: f"the file is picture {by_file[row].as_py()}, but image_{number}_index is {given[row].as_py()}",
        )
        return differs

    def _fill_label(self, number: int, values: dict[str, pa.Array], rows: Ints) -> None:
        index = values.get(f"image_{number}_index", pa.nulls(len(rows), pa.int32()))
        column = f"image_{number}_label"
        if self._pictures is None:
            values[column] = pa.nulls(len(rows), pa.int64())
            return
        known = self._pictures.labels
        codes = index.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        inside = (codes >= 0) & (codes < len(known))
        labels = np.full(len(rows), -1, dtype=np.int64)
        labels[inside] = known[codes[inside]]
        self._reporter.of(f"image_{number}_index").add_where(
            rules.CLASS, inside & (labels < 0), rows, index, "the picture's class is not in the study"
        )
        values[column] = pa.array(labels, mask=labels < 0)
