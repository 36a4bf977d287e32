"""Names of an image set's pictures: finding the index for a file name in a judgment file."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import did_you_mean
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.findings import Ints, Mask

UNLISTED, SEVERAL = -1, -2
"""Indices that stand for a name of no picture, and for a name of several."""
_ENDING = r"\.(png|jpe?g|webp|bmp|gif|tiff?)$"
_NEAREST = 3
_NEIGHBOURS = 20
"""Number of names before and after a name, in alphabetical order, that are searched for similar spellings."""


@dataclass(frozen=True)
class FoundPictures:
    """Indices of pictures, int64 (N,), `UNLISTED` or `SEVERAL` if not unique; and whether names are as listed."""

    indices: Ints
    is_as_listed: Mask


class PictureNames:
    r"""Names of the M pictures of an image set, in the order of their indices.

    A name is looked up exactly; then ignoring case and the encoding of accents; then by its last part; then by that
    without the extension, so that `D:\study\Cat7.PNG` and `cat7` find `cats/cat7.png`. A form shared by several
    pictures finds none of them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> PictureNames(["cats/cat7.png", "dog1.png"]).find(pa.array(["dog1.png", "CAT7", "cow"])).indices
    array([ 1,  0, -1])
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = pa.array(names, pa.string())
        # Computed once, since a judgment file is read piece by piece.
        self._forms: dict[int, tuple[pa.Array, Ints]] = {}

    def __len__(self) -> int:
        return len(self.names)

    def find(self, texts: pa.Array) -> FoundPictures:
        """Look up N names; null finds nothing."""
        indices = np.full(len(texts), UNLISTED, dtype=np.int64)
        is_as_listed = np.zeros(len(texts), dtype=bool)
        is_there = as_mask(texts.is_valid())
        for number, form in enumerate(_FORMS):
            rest = np.flatnonzero((indices == UNLISTED) & is_there)
            if not len(rest):
                break
            names, index_of = self._in_form(number)
            found = pc.index_in(form(texts.take(pa.array(rest))), names).fill_null(len(names))
            indices[rest] = index_of[found.to_numpy(zero_copy_only=False)]
            if not number:
                is_as_listed = indices >= 0
        return FoundPictures(indices, is_as_listed)

    def _in_form(self, number: int) -> tuple[pa.Array, Ints]:
        """Return the distinct names in a form, and the index of each, followed by `UNLISTED`."""
        if number not in self._forms:
            encoded = _FORMS[number](self.names).dictionary_encode()
            codes = encoded.indices.to_numpy(zero_copy_only=False)
            distinct, first, times = np.unique(codes, return_index=True, return_counts=True)
            index_of = np.full(len(encoded.dictionary) + 1, UNLISTED, dtype=np.int64)
            index_of[distinct] = np.where(times > 1, SEVERAL, first)
            self._forms[number] = encoded.dictionary, index_of
        return self._forms[number]

    def as_listed(self, texts: Sequence[str]) -> list[str]:
        """Return names as listed; names without a unique picture are returned unchanged."""
        indices = self.find(pa.array(texts, pa.string())).indices.tolist()
        return [self.names[index].as_py() if index >= 0 else text for text, index in zip(texts, indices, strict=True)]

    def several(self, text: str) -> list[str]:
        """Return the first few pictures that a text could mean, each with its row in the list."""
        given = pa.array([text])
        for form in _FORMS:
            same = np.flatnonzero(pc.equal(form(self.names), form(given)[0]).to_numpy(zero_copy_only=False))
            if len(same):
                return [f"{self.names[index].as_py()} (row {index})" for index in same[:_NEAREST].tolist()]
        return []

    def nearest(self, text: str) -> str:
        """Return a hint with the most similar names, among alphabetical neighbours from both ends."""
        written = text.lower()
        near = [*_around(self._sorted, written), *_around(self._from_the_end, written[::-1])]
        few = ", ".join(self.names[:_NEAREST].to_pylist())
        return did_you_mean(text, [self.names[index].as_py() for _, index in near]) or (
            f"{len(self)} files are listed, such as {few}"
        )

    @cached_property
    def _sorted(self) -> list[tuple[str, int]]:
        return sorted((name.lower(), index) for index, name in enumerate(self.names.to_pylist()))

    @cached_property
    def _from_the_end(self) -> list[tuple[str, int]]:
        return sorted((name[::-1], index) for name, index in self._sorted)


def _around(keys: list[tuple[str, int]], key: str) -> list[tuple[str, int]]:
    at = bisect.bisect_left(keys, (key,))
    return keys[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS]


def _as_it_is(texts: pa.Array) -> pa.Array:
    return texts


def _folded(texts: pa.Array) -> pa.Array:
    # macOS writes accents in file names as separate characters; tables usually do not.
    return pc.utf8_lower(pc.utf8_normalize(pc.replace_substring(texts, "\\", "/"), form="NFC"))


def _last_part(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(_folded(texts), "^.*/", "")


def _without_ending(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(_last_part(texts), _ENDING, "")


_FORMS = (_as_it_is, _folded, _last_part, _without_ending)
"""Forms in which names are compared, strictest first."""
