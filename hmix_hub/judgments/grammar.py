"""Grammar of filters: names and values shared by the API, the command line and the loaders.

Numbers match within 1e-9; a tuple `(low, high)` or `between(low, high)` is a closed interval with `None` for an open
end; a list or set means any of its items. Class names match regardless of case; integers are their codes.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmix_hub.errors import FilterError, nearest
from hmix_hub.judgments.class_conditions import IsClass, MixesClasses, ShowsClass
from hmix_hub.judgments.conditions import Condition, HasNoneOf, IsAnyOf, IsTrue, IsWithin
from hmix_hub.schema import TOLERANCE, Kind
from hmix_hub.schema.released import PICTURE_SUFFIX
from hmix_hub.tasks import FLAGS, TASKS


@dataclass(frozen=True)
class Between:
    """A closed interval of numbers; `None` is an open end."""

    low: float | None = None
    high: float | None = None


def between(low: float | None = None, high: float | None = None) -> Between:
    """Return the closed interval from `low` to `high`, for a filter; `None` is an open end.

    Examples
    --------
    >>> import hmix_hub
    >>> hmix_hub.between(0.25, 0.75)
    Between(low=0.25, high=0.75)
    """
    return Between(low, high)


@dataclass(frozen=True)
class Filter:
    """A filter: its name and how its value is read.

    Parameters
    ----------
    name
        Name of the keyword argument; the command line uses hyphens.
    kind
        Kind of its values: "id", "number", "class", "class pair", "truth" or "flag".
    meaning
        The rows kept: completes "keep rows ...".
    read
        Function from the filter and a value to its condition.
    """

    name: str
    kind: str
    meaning: str
    read: Callable[[Filter, object], Condition]
    column: str = ""


def parse_filters(values: Mapping[str, Any]) -> list[Condition]:
    """Parse the filters of a call.

    Parameters
    ----------
    values
        Value by filter name; a value of `None` is no filter.

    Raises
    ------
    FilterError
        If a name is unknown, or a value is invalid: a reversed interval, a number out of range, NaN, or an empty list.
    """
    for name in values:
        if name not in FILTERS:
            msg = f"there is no filter {name!r}"
            raise FilterError(msg, hint=nearest(name, FILTERS, label="filters"))
    return [FILTERS[name].read(FILTERS[name], value) for name, value in values.items() if value is not None]


def _any_of(filter_: Filter, value: object) -> list[object]:
    """Return the alternatives of a value: the items of a list, set, array or column, otherwise the value itself."""
    if isinstance(value, str | tuple) or not isinstance(value, Iterable):
        return [value]
    # Arrays and tensors, including 0-dimensional ones; their numbers stay NumPy's, whose precision is known.
    items = list(np.asarray(value).ravel()) if hasattr(value, "__array__") else list(value)
    if not items:
        msg = f"{filter_.name}: an empty {type(value).__name__} chooses nothing"
        raise FilterError(msg, hint="leave the filter out to keep every row")
    return items


def _words(filter_: Filter, value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        value = list(value)
    words = _any_of(filter_, value)
    for word in words:
        # A lone surrogate, as in damaged text, cannot be searched for in a table.
        if not isinstance(word, str) or not word or word != word.encode(errors="ignore").decode():
            msg = f"{filter_.name}: {word!r} is not a valid {filter_.kind}"
            raise FilterError(msg, hint="give a string, or a list of strings")
    return tuple(dict.fromkeys(str(word) for word in words))


def _read_ids(filter_: Filter, value: object) -> Condition:
    words = _words(filter_, value)
    if filter_.column in {"stimulus_id", "pair_id"}:
        words = tuple(word.removesuffix(PICTURE_SUFFIX) for word in words)
    return IsAnyOf(filter_.name, filter_.column, "pair_id" if filter_.column == "stimulus_id" else None, words)


def _read_numbers(filter_: Filter, value: object) -> Condition:
    return IsWithin(filter_.name, filter_.column, tuple(_interval(filter_, item) for item in _any_of(filter_, value)))


def _interval(filter_: Filter, value: object) -> tuple[float, float]:
    if isinstance(value, Between):
        value = (value.low, value.high)
    if isinstance(value, tuple):
        if len(value) != 2:
            msg = f"{filter_.name}: an interval is (low, high), not {value!r}"
            raise FilterError(msg, hint="to match any of several numbers, give a list")
        low = -math.inf if value[0] is None else _number(filter_, value[0])
        high = math.inf if value[1] is None else _number(filter_, value[1])
        if low > high:
            msg = f"{filter_.name}: the interval from {low:g} to {high:g} is reversed"
            raise FilterError(msg, hint=f"write ({high:g}, {low:g})")
        return low, high
    return (_number(filter_, value),) * 2


def _number(filter_: Filter, value: object) -> float:
    # A NumPy number of lower precision stands for its digits, not its bits: float32's 0.1 is 0.10000000149.
    given = float(str(value)) if isinstance(value, np.floating) else value
    if isinstance(given, bool | np.bool_) or not isinstance(given, numbers.Real) or math.isnan(given):
        msg = f"{filter_.name}: {value!r} is not a number"
        raise FilterError(msg, hint="give a number, (low, high) with None for an open end, or a list of them")
    number = float(given)
    low, high, unit = _RANGES[filter_.column]
    if not low - TOLERANCE <= number <= high + TOLERANCE:
        msg = f"{filter_.name}: {number:g} is not from {low:g} to {high:g}"
        raise FilterError(msg, hint=f"the unit is {unit}" if unit else None)
    return number


def _ranges() -> dict[str, tuple[float, float, str]]:
    every = (column for task in TASKS.values() for column in task.columns)
    return {
        column.name: (
            -math.inf if column.low is None else column.low,
            math.inf if column.high is None else column.high,
            column.unit,
        )
        for column in every
    }


_RANGES = _ranges()


def _classes(filter_: Filter, value: object) -> tuple[str | int, ...]:
    """Parse class names, or codes of the label columns."""
    if isinstance(value, tuple):
        value = list(value)
    classes: list[str | int] = []
    for item in _any_of(filter_, value):
        is_code = isinstance(item, numbers.Integral) and not isinstance(item, bool)
        if not is_code and not (isinstance(item, str) and item):
            msg = f"{filter_.name}: {item!r} is not a class"
            raise FilterError(msg, hint='give class names or codes: "dog", 5, or a list of them')
        classes.append(int(item) if isinstance(item, numbers.Integral) else str(item))
    return tuple(dict.fromkeys(classes))


def _read_classes(filter_: Filter, value: object) -> Condition:
    return ShowsClass(filter_.name, _classes(filter_, value))


def _read_class_pairs(filter_: Filter, value: object) -> Condition:
    given: Iterable[object] = [value] if _is_pair(value) else _any_of(filter_, value)
    pairs = []
    for pair in given:
        if not _is_pair(pair):
            msg = f'{filter_.name}: a class pair is two classes, ("dog", "frog"), not {pair!r}'
            raise FilterError(msg)
        pairs.append(_classes(filter_, pair))
    return MixesClasses(filter_.name, tuple((pair[0], pair[-1]) for pair in pairs))


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, Collection)
        and len(value) == 2
        and all(isinstance(item, str | numbers.Integral) for item in value)
        and (not isinstance(value, str))
    )


def _read_truth(filter_: Filter, value: object) -> Condition:
    if not isinstance(value, bool | np.bool_):
        msg = f"{filter_.name}: True keeps only repeats, False keeps only first presentations; not {value!r}"
        raise FilterError(msg)
    return IsTrue(filter_.name, filter_.column, bool(value))


def _read_flags(filter_: Filter, value: object) -> Condition:
    # Excluding no flag keeps every row, even those that a registered study excludes by default.
    is_none = isinstance(value, list | tuple | set | frozenset) and not value
    flags = () if is_none else _words(filter_, value)
    for flag in flags:
        if flag not in FLAGS:
            msg = f"{filter_.name}: there is no flag {flag!r}"
            raise FilterError(msg, hint=nearest(flag, FLAGS, label="flags"))
    return HasNoneOf(filter_.name, flags)


def _read_answered_classes(filter_: Filter, value: object) -> Condition:
    return IsClass(filter_.name, filter_.column, _classes(filter_, value))


def _of_tasks() -> Iterator[Filter]:
    """Return the filters by answers, defined by the tasks; tasks that share a column share its filter."""
    readers = {
        **dict.fromkeys((Kind.FLOAT64, Kind.INT32), ("number", _read_numbers)),
        Kind.STRING: ("id", _read_ids),
        Kind.LABEL: ("class", _read_answered_classes),
    }
    for task in TASKS.values():
        kinds = {column.name: column.kind for column in task.answer_columns}
        for name, meaning in task.filters.items():
            kind, read = readers[kinds[name]]
            yield Filter(name, kind, meaning, read, name)


FILTERS: dict[str, Filter] = {
    filter_.name: filter_
    for filter_ in (
        Filter("participants", "id", "by any of these participants", _read_ids, "participant_id"),
        Filter("studies", "id", "of any of these studies", _read_ids, "study_id"),
        Filter("stimuli", "id", "about any of these mixtures (pairs, in the midpoint tasks)", _read_ids, "stimulus_id"),
        Filter("pairs", "id", "about any of these pairs of pictures", _read_ids, "pair_id"),
        Filter("collection_round", "id", "from any of these rounds of collection", _read_ids, "collection_round"),
        *(
            Filter(name, "number", meaning, _read_numbers, name)
            for name, meaning in (
                ("mixing_coefficient", "shown with this lambda"),
                ("response_time_ms", "answered this many milliseconds after the page was drawn"),
                ("presentation", "of this presentation of the stimulus to the participant, counted from 1"),
            )
        ),
        *_of_tasks(),
        Filter("labels", "class", "in which either picture is of any of these classes", _read_classes),
        Filter("class_pair", "class pair", "that mix these two classes, in any order", _read_class_pairs),
        Filter("repeats", "truth", "that are intended repeats (true), or all others (false)", _read_truth, "is_repeat"),
        Filter("exclude_flags", "flag", "without any of these flags", _read_flags, "flags"),
    )
}
"""All filters by name."""
