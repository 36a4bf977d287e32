"""Amending a study file while people take part: what may change, what holds for whom, and what may not, with why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from enum import Enum
from itertools import takewhile
from typing import Any, NamedTuple

from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import dotted
from hmix_hub.yaml_file import KeyPath

_LONGEST = 60
_BEFORE = 10
"""Characters of a long text that are shown before the first one that differs."""


class Holds(Enum):
    """For whom a change holds."""

    AT_ONCE = "everybody, at once"
    NEW_PEOPLE = "those who agree from now on"


_DRAWN = "the batches are drawn, and people have answered them"
_KIND = "answers before and after would be of two kinds, and no column would tell them apart"
_ASKED = "what people answered so far would mean something else"

_RULES: dict[str, Holds | str] = {
    "title": Holds.AT_ONCE,
    "about": Holds.AT_ONCE,
    "about.licence": "people agreed to the publication of their answers as it was",
    "words": Holds.AT_ONCE,
    "session": Holds.AT_ONCE,
    "completion": Holds.AT_ONCE,
    "recruiting": Holds.AT_ONCE,
    "tasks.TASK.people_per_batch": Holds.AT_ONCE,
    "consent": Holds.NEW_PEOPLE,
    "comments": Holds.NEW_PEOPLE,
    "tasks.TASK.question": Holds.NEW_PEOPLE,
    "tasks.TASK.instructions": Holds.NEW_PEOPLE,
    "tasks.TASK.quiz": Holds.NEW_PEOPLE,
    "tasks.TASK.practice.feedback": Holds.NEW_PEOPLE,
    "tasks.TASK.breaks.text": Holds.NEW_PEOPLE,
    **{
        f"{pages}.{key}": Holds.NEW_PEOPLE
        for pages in ("before", "after")
        for key in ("title", "text", "questions.question")
    },
    "id": "every id of the export begins with it",
    "language": "texts in another language are another study",
    "pictures": "the answers so far are about the pictures as they were shown",
    "tasks": "who takes part was given one of the tasks that there were",
    "tasks.TASK": _KIND,
    **dict.fromkeys(
        ("seed", "tasks.TASK.pairs", "tasks.TASK.coefficients", "tasks.TASK.batch_size", "tasks.TASK.batches"), _DRAWN
    ),
    **dict.fromkeys(("before", "after", "attention_failures"), _ASKED),
    "surroundings": "people agreed to what is recorded of them",
}
"""Rules by key, the names of tasks and places in lists left out; the longest that a path begins with holds."""
_AS_AGREED = {key.split(".")[0] for key, rule in _RULES.items() if rule is Holds.NEW_PEOPLE} - {"tasks"}
"""Keys beside `tasks` of which people keep the version that they agreed to."""
MOST_AMENDMENTS = 200
"""Pictures have an address that tells versions apart by a byte."""


class Change(NamedTuple):
    """A key that differs between two versions of a study file; values are JSON, `None` where there is none."""

    path: KeyPath
    before: Any
    after: Any

    @property
    def rule(self) -> Holds | str:
        """For whom it holds, or why it cannot be."""
        parts = [part for part in self.path if isinstance(part, str)]
        if parts[0] == "tasks" and len(parts) > 1:
            parts[1] = "TASK"
        keys = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((_RULES[key] for key in keys if key in _RULES), _KIND)

    @property
    def was(self) -> str:
        """The value before, written for people."""
        return _told(self.before, self.after)

    @property
    def now_is(self) -> str:
        """The value after, written for people."""
        return _told(self.after, self.before)


def changes(before: StudyFile, after: StudyFile) -> list[Change]:
    """Return what differs between two versions of a study file, in the order of its keys."""
    return list(_differences(before.model_dump(mode="json"), after.model_dump(mode="json"), ()))


def refused(found: Sequence[Change], now: StudyFile, versions: Collection[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield what may not change while people take part: each key, and what is said of it.

    Parameters
    ----------
    found
        What changes.
    now
        The study file as it is to hold.
    versions
        Versions of the consent form, one for each version of the study so far.
    """
    if len(versions) > MOST_AMENDMENTS:
        yield (), f"a study can be amended {MOST_AMENDMENTS} times at most"
    for change in found:
        if isinstance(change.rule, str):
            yield change.path, f"cannot change while the study runs: {change.rule}"
    of_new = [change.path for change in found if change.rule is Holds.NEW_PEOPLE]
    if of_new and now.consent.version in versions:
        used = f"{now.consent.version!r} was used before"
        yield ("consent", "version"), f"has to be a new version, since {dotted(of_new[0])} changes; {used}"


def as_agreed(now: StudyFile, agreed: StudyFile) -> StudyFile:
    """Return the study for people who agreed to an earlier version: its texts, and all else as it is now."""
    tasks = {
        name: design.model_copy(update={"people_per_batch": now.tasks[name].people_per_batch})
        for name, design in agreed.tasks.items()
    }
    return now.model_copy(update={name: getattr(agreed, name) for name in _AS_AGREED} | {"tasks": tasks})


_NOTHING = object()


def _differences(before: Any, after: Any, path: KeyPath) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differences(before.get(name, _NOTHING), after.get(name, _NOTHING), (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, (*path, place))
    elif before != after:
        yield Change(path, *(None if value is _NOTHING else value for value in (before, after)))


def _told(value: Any, other: Any) -> str:
    """Write a value for people; of a long text, the part from where it differs from the other."""
    if value is None:
        return "not there"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and isinstance(other, str) and max(len(value), len(other)) > _LONGEST:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(value, other, strict=False)))
        start = same - _BEFORE if same > 2 * _BEFORE else 0
        shown = value[start : start + _LONGEST]
        return f"{'… ' if start else ''}{shown!r}{' …' if start + _LONGEST < len(value) else ''}"
    told = repr(value)
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 3]}..."
