"""Errors of the package: one family whose members state what was wrong, where, and what to do next."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

_MOST_COMPARED = 100
"""Number of characters compared in similar names."""
_CODE = re.compile(r"([^0-9]+)([0-9]+)")


@dataclass(frozen=True)
class Where:
    """Place of a problem; each part may be absent.

    Parameters
    ----------
    file
        Path, URL or file name.
    row
        0-based data row of the file or table.
    column
        Column name.
    line
        Line of a text file, from 1.
    """

    file: str | None = None
    row: int | None = None
    column: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        numbers = {"line": self.line, "row": self.row}
        counted = [f"{name} {number}" for name, number in numbers.items() if number is not None]
        parts = [self.file, *counted, self.column and f"column {self.column}"]
        return ", ".join(part for part in parts if part)


class HMixError(Exception):
    """Base class of all errors that hmix-hub raises deliberately.

    Parameters
    ----------
    message
        What was wrong.
    where
        Where it was wrong, if it has a place.
    hint
        What to do next; `None` if the message says so.

    Attributes
    ----------
    code
        Stable name of the kind of error, for programs.

    Examples
    --------
    >>> import hmix_hub
    >>> try:
    ...     hmix_hub.load_dataset("h-mix", "construct", source="sample")
    ... except hmix_hub.HMixError as error:
    ...     print(error.code, error.hint)
    HMX300 did you mean 'construct_midpoint'?
    """

    code = "HMX000"

    def __init__(self, message: str, *, where: Where | None = None, hint: str | None = None) -> None:
        self.message = message
        self.where = where or Where()
        self.hint = hint
        super().__init__(message, self.where, hint)

    def __str__(self) -> str:
        place = f"{self.where}: " if str(self.where) else ""
        advice = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"

    def __reduce__(self) -> tuple[object, ...]:
        return partial(type(self), self.message, where=self.where, hint=self.hint), ()


class SourceError(HMixError):
    """A source file is missing, unreachable, or not the expected file."""

    code = "HMX100"


class SourceMissingError(SourceError):
    """A source file does not exist or cannot be reached."""

    code = "HMX101"


class SourceNameError(SourceError, ValueError):
    """A source is neither a known name, an address nor a folder."""

    code = "HMX102"


class SchemaError(HMixError, ValueError):
    """A table or an answer does not have the form that its schema version defines."""

    code = "HMX200"


class SchemaVersionError(SchemaError):
    """A schema version is unknown to, or newer than, the installed package."""

    code = "HMX201"


class StudyError(SchemaError):
    """A contributed study breaks a rule, so that it can be neither read nor built."""

    code = "HMX202"


class PublishError(HMixError):
    """A study could not be published, or must not be."""

    code = "HMX700"


class CollectionError(HMixError):
    """A collection of judgments cannot be started, served or exported as it is."""

    code = "HMX800"


class StudyFileError(CollectionError, ValueError):
    """A study file is invalid, or its design is impossible; the line is named."""

    code = "HMX801"


class ConfigurationError(HMixError, ValueError):
    """A dataset, configuration, split or option does not exist."""

    code = "HMX300"


class SpaceError(HMixError):
    """There is no space for rows, in the allowed memory or on disk."""

    code = "HMX110"


class FilterError(HMixError, ValueError):
    """A filter is malformed, or names something that is not in the data."""

    code = "HMX400"


class PerceptionError(HMixError, ValueError):
    """A perceptual model cannot be fitted to the judgments, or cannot answer a request."""

    code = "HMX900"


class ClusterError(HMixError):
    """A Dask cluster cannot be reached, was lost, or has workers that cannot do the work."""

    code = "HMX950"


class EmptyResultWarning(UserWarning):
    """A filter left no rows."""


class CacheWarning(UserWarning):
    """A damaged cached copy is prepared again, or a cached copy is used because the original cannot be reached."""


class ClusterWarning(UserWarning):
    """Work meant for all workers of a Dask cluster is done by one."""


class DraftWarning(UserWarning):
    """A draft leaves open what values depend on; defaults are used."""


class ScaleWarning(UserWarning):
    """Joined scales with the same name differ in question or steps."""


class SplitWarning(UserWarning):
    """A split's size is far from the requested fraction, since groups are never divided."""


class PerceptionWarning(UserWarning):
    """A perceptual model was fitted with fewer terms or to fewer judgments than requested."""


class RegistrationWarning(UserWarning):
    """`datasets.load_dataset("h-mix")` could not be set up; `hmix_hub.load_dataset` still works."""


def _may_be_mistyped(written: str, meant: str) -> bool:
    """Whether one name may be a misspelling of another; codes such as HMX592 may differ in one digit."""
    codes = _CODE.fullmatch(written), _CODE.fullmatch(meant)
    if codes[0] is None or codes[1] is None or codes[0][1] != codes[1][1]:
        return True
    one, other = codes[0][2], codes[1][2]
    if len(one) != len(other):
        shorter, longer = sorted((one, other), key=len)
        return any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))
    places = [i for i, (digit, right) in enumerate(zip(one, other, strict=True)) if digit != right]
    # Two adjacent digits may be swapped.
    is_turned = len(places) == 2 and one[places[0] : places[1] + 1] == other[places[0] : places[1] + 1][::-1]
    return len(places) <= 1 or is_turned


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its name if it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def nearest(name: object, known: Iterable[object], *, label: str) -> str:
    """Return a hint with the nearest spellings of an unknown name.

    Parameters
    ----------
    name
        The unknown name.
    known
        Known names.
    label
        Plural noun for the names: "participants".

    Returns
    -------
    str
        "did you mean ..." with up to three spellings; otherwise the list if short, or its size and a sample.
    """
    names = list({item.lower(): item for item in map(str, known)}.values())
    near = did_you_mean(name, names)
    if near:
        return near
    if not names:
        return f"there are no {label} here"
    if len(names) <= 16:
        return f"the {label} are " + ", ".join(names)
    return f"there are {len(names)} {label}, such as " + ", ".join(names[:3])


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a question with up to three spellings near an unknown name; "" if there are none."""
    # The time for comparing grows with both lengths, and names may come from anybody.
    by_lower = {item[:_MOST_COMPARED].lower(): item for item in known}
    written = str(name)[:_MOST_COMPARED].lower()
    close = difflib.get_close_matches(written, by_lower, n=3, cutoff=0.6)
    near = [repr(by_lower[item]) for item in close if _may_be_mistyped(written, item)]
    return f"did you mean {' or '.join(near)}?" if near else ""
