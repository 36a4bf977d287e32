"""Amending a study file while the study runs: what can change and for whom, and why everything else cannot."""

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
"""Characters of a long text that are shown before the first difference."""


class Holds(Enum):
    """For whom a change takes effect."""

    AT_ONCE = "all participants, immediately"
    NEW_PEOPLE = "participants who agree from now on"


_DRAWN = "the batches are already drawn, and participants have answered them"
_KIND = "answers before and after the change would not be comparable, and no column would tell them apart"
_ASKED = "the answers so far would change their meaning"

_RULES: dict[str, Holds | str] = {
    "title": Holds.AT_ONCE,
    "about": Holds.AT_ONCE,
    "about.licence": "participants agreed to the publication of their answers under this licence",
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
    "id": "every id in the export begins with it",
    "language": "a study in another language is a different study",
    "pictures": "the answers so far are about the pictures as they were shown",
    "tasks": "participants have been assigned one of the existing tasks",
    "tasks.TASK": _KIND,
    **dict.fromkeys(
        ("seed", "tasks.TASK.pairs", "tasks.TASK.coefficients", "tasks.TASK.batch_size", "tasks.TASK.batches"), _DRAWN
    ),
    **dict.fromkeys(("before", "after", "attention_failures"), _ASKED),
    "surroundings": "participants agreed to what is recorded about them",
}
"""Rules by key, without names of tasks and list indices; the longest key that is a prefix of a path applies."""
_AS_AGREED = {key.split(".")[0] for key, rule in _RULES.items() if rule is Holds.NEW_PEOPLE} - {"tasks"}
"""Keys besides `tasks` for which participants keep the version that they agreed to."""
MOST_AMENDMENTS = 200
"""Limited because the addresses of pictures store the version in one byte."""


class Change(NamedTuple):
    """A key that differs between two versions of a study file; values are JSON, `None` if there is none."""

    path: KeyPath
    before: Any
    after: Any

    @property
    def rule(self) -> Holds | str:
        """For whom the change takes effect, or why it is not possible."""
        parts = [part for part in self.path if isinstance(part, str)]
        if parts[0] == "tasks" and len(parts) > 1:
            parts[1] = "TASK"
        keys = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((_RULES[key] for key in keys if key in _RULES), _KIND)

    @property
    def was(self) -> str:
        """The value before, as readable text."""
        return _told(self.before, self.after)

    @property
    def now_is(self) -> str:
        """The value after, as readable text."""
        return _told(self.after, self.before)


def changes(before: StudyFile, after: StudyFile) -> list[Change]:
    """Return the differences between two versions of a study file, in the order of its keys."""
    return list(_differences(before.model_dump(mode="json"), after.model_dump(mode="json"), ()))


def refused(found: Sequence[Change], now: StudyFile, versions: Collection[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the changes that are not possible while the study runs: each key, with the reason.

    Parameters
    ----------
    found
        What changes.
    now
        The new study file.
    versions
        Versions of the consent form, one for each version of the study so far.
    """
    if len(versions) > MOST_AMENDMENTS:
        yield (), f"a study can be amended at most {MOST_AMENDMENTS} times"
    for change in found:
        if isinstance(change.rule, str):
            yield change.path, f"cannot change while the study runs: {change.rule}"
    of_new = [change.path for change in found if change.rule is Holds.NEW_PEOPLE]
    if of_new and now.consent.version in versions:
        used = f"{now.consent.version!r} has already been used"
        yield ("consent", "version"), f"must be a new version, because {dotted(of_new[0])} changes; {used}"


def as_agreed(now: StudyFile, agreed: StudyFile) -> StudyFile:
    """Return the study for participants who agreed to an earlier version: its texts, and all else as it is now."""
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
    """Return a value as readable text; for a long text, an excerpt around the first difference from the other."""
    if value is None:
        return "absent"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and isinstance(other, str) and max(len(value), len(other)) > _LONGEST:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(value, other, strict=False)))
        start = same - _BEFORE if same > 2 * _BEFORE else 0
        shown = value[start : start + _LONGEST]
        return f"{'… ' if start else ''}{shown!r}{' …' if start + _LONGEST < len(value) else ''}"
    told = repr(value)
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 3]}..."
