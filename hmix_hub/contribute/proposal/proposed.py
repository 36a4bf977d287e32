"""A proposed column map: its lines, each with what speaks for it, and what is left to decide."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hmix_hub.contribute.proposal import recognised
from hmix_hub.contribute.proposal.families import Wide
from hmix_hub.contribute.proposal.raw_column import RawColumn, are_harmless
from hmix_hub.contribute.proposal.recognised import Found
from hmix_hub.schema.arrays import Mask
from hmix_hub.studies.columns.reader import IDENTIFIER_FORM

TODO = "TODO"
VOTES = "class_votes"
ITEMS = "items.csv"
"""What a proposal calls the table that says what each item shows."""


_PARTS_OF_IDS = (r"^([^:@/]+)", r"([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True)
class Line:
    """A line of a column map.

    Parameters
    ----------
    target
        Column of the judgment file.
    origin
        Where it comes from, as the map says it.
    why
        What speaks for it, or what is to be decided.
    """

    target: str
    origin: Any
    why: str

    @property
    def is_open(self) -> bool:
        """Whether something in it is left to decide."""
        return TODO in str(self.origin) or TODO in self.why


@dataclass
class Proposal:
    """A column map that is proposed.

    Parameters
    ----------
    task, why
        The task, and what speaks for it.
    rows
        Conditions of rows, each with what speaks for it.
    wide
        The columns of items, where each participant has one row.
    lines
        The columns.
    summary
        What the map makes of the raw table.
    unused
        Columns that differ from row to row and stand nowhere in the map, each with what it shows.
    """

    task: str
    why: str
    rows: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    wide: Wide | None = None
    lines: list[Line] = field(default_factory=list)
    summary: str = ""
    unused: list[str] = field(default_factory=list)

    def add(self, target: str, origin: Any, why: str) -> None:
        """Add a line."""
        self.lines.append(Line(target, plain(origin), why))

    @property
    def open_lines(self) -> list[Line]:
        """Lines in which something is left to decide."""
        return [line for line in self.lines if line.is_open]

    def add_number(self, target: str, column: RawColumn, rows: Mask) -> None:
        """Add a line of numbers, which are brought to 0 to 1."""
        ends = recognised.scale_of(column, rows)
        nothing = dict.fromkeys(column.nothing(rows), "")
        origin = column.origin | ({"values": nothing} if nothing else {})
        if ends is None:
            self.add(target, origin | {"scale": [TODO, TODO]}, f"{column.shown(rows)}: the scale's two ends")
        elif list(ends) == [0, 1] and not any("," in text for text in column.words(rows)):
            self.add(target, origin, column.shown(rows))
        else:
            self.add(target, origin | {"scale": list(ends)}, f"{column.shown(rows)}: check the ends")

    def add_participant(self, who: Found, rows: Mask) -> None:
        """Add the line of participants; of ids with characters that ids may not have, a part that tells them apart."""
        ids = list(who.column.words(rows))
        if all(re.match(IDENTIFIER_FORM, text.strip()) for text in ids):
            self.add("participant_id", who.column.origin, who.why)
            return
        for pattern in _PARTS_OF_IDS:
            parts = [part[1] for part in (re.search(pattern, text) for text in ids) if part is not None]
            if len({*parts}) == len(ids) and all(re.match(IDENTIFIER_FORM, part) for part in parts):
                why = f"{who.why}; only a part of the ids, whose other characters ids may not have"
                self.add("participant_id", who.column.origin | {"pattern": pattern}, why)
                return
        why = f"{who.why}; ids may hold letters, digits, points, _ and - alone: `hmix contribute pseudonymize`"
        self.add("participant_id", who.column.origin, why)

    def add_classes(self, target: str, answer: Found, rows: Mask) -> None:
        """Add a line of classes; keys and buttons stand for classes that are not known."""
        words = list(answer.column.words(rows))
        are_keys = all(len(word) <= 1 or word.lower().startswith("arrow") or word.isdigit() for word in words)
        lead = re.match("[a-z]*", words[0])
        prefix = lead[0] if lead else ""
        if prefix and all(re.match(rf"{prefix}[A-Z]", word) for word in words):
            # Of a form's ids, such as mostProbCat, the class is what follows.
            self.add(target, answer.column.origin | {"pattern": rf"^{prefix}(.+)"}, answer.why)
        elif not are_keys:
            self.add(target, answer.column.origin, answer.why)
        elif not are_harmless(words):
            self.add(target, TODO, f"{len(words)} keys or buttons, each to be named a class with `values:`")
        else:
            values = dict.fromkeys(words, TODO)
            self.add(target, answer.column.origin | {"values": values}, "keys or buttons: the class of each")


def plain(origin: Any) -> Any:
    """Return where a column comes from as a person would write it: a column's name alone is a renaming."""
    return origin["column"] if isinstance(origin, dict) and set(origin) == {"column"} else origin


def said(column: RawColumn) -> str:
    """Return what a comment calls a raw column."""
    return ".".join(str(part) for part in (column.origin["column"], column.origin.get("json")) if part)
