"""A proposed column map: its lines with their reasons, what is left to decide, and its text as commented YAML."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from hmix_hub.contribute.proposal import recognised
from hmix_hub.contribute.proposal.families import Wide
from hmix_hub.contribute.proposal.raw_column import RawColumn, are_harmless
from hmix_hub.contribute.proposal.recognised import Found
from hmix_hub.schema.arrays import Mask
from hmix_hub.studies.columns.reader import IDENTIFIER_FORM
from hmix_hub.studies.findings import printable
from hmix_hub.studies.manifest_fields import PLACEHOLDER

TODO = PLACEHOLDER
ITEMS = "items.csv"
"""Name of the table that says what each item shows."""
_PARTS_OF_IDS = (r"^([^:@/]+)", r"([A-Za-z0-9][A-Za-z0-9._-]*)")
_WIDTH, _COMMENT_AT = 100, 60
_UNUSED = 12
_USUAL: dict[str, Any] = {"skip": 0, "header": 1, "sheet": None}


@dataclass(frozen=True)
class Line:
    """A line of a column map.

    Parameters
    ----------
    target
        Column of the judgment file.
    origin
        Where its values come from, in the syntax of the map.
    why
        The reason for it, or what is left to decide.
    """

    target: str
    origin: Any
    why: str

    @property
    def is_open(self) -> bool:
        """Whether something is left to decide."""
        return TODO in str(self.origin) or TODO in self.why


@dataclass
class Proposal:
    """A proposed column map.

    Parameters
    ----------
    task, why
        The task, and the reason for it.
    rows
        Conditions of rows, each with its reason.
    wide
        The columns of items, if each participant has one row.
    lines
        The columns.
    summary
        Summary of what the map extracts from the raw table.
    unused
        Varying columns that are not in the map, each with a description.
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
        # A column's name alone is a renaming.
        is_renamed = isinstance(origin, dict) and set(origin) == {"column"}
        self.lines.append(Line(target, origin["column"] if is_renamed else origin, why))

    @property
    def open_lines(self) -> list[Line]:
        """Lines with something left to decide."""
        return [line for line in self.lines if line.is_open]

    def add_number(self, target: str, column: RawColumn, rows: Mask) -> None:
        """Add a line of numbers that are scaled to 0 to 1."""
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
        """Add the line of participants; if their ids contain invalid characters, use a part that is still unique."""
        ids = list(who.column.words(rows))
        if all(re.match(IDENTIFIER_FORM, text.strip()) for text in ids):
            self.add("participant_id", who.column.origin, who.why)
            return
        for pattern in _PARTS_OF_IDS:
            parts = [part[1] for part in (re.search(pattern, text) for text in ids) if part is not None]
            if len({*parts}) == len(ids) and all(re.match(IDENTIFIER_FORM, part) for part in parts):
                why = f"{who.why}; only part of each id, because the rest contains invalid characters"
                self.add("participant_id", who.column.origin | {"pattern": pattern}, why)
                return
        why = f"{who.why}; ids may only contain letters, digits, points, _ and -: `hmix contribute pseudonymize`"
        self.add("participant_id", who.column.origin, why)

    def add_classes(self, target: str, answer: Found, rows: Mask) -> None:
        """Add a line of classes; the classes of keys and buttons are left to decide."""
        words = list(answer.column.words(rows))
        are_keys = all(len(word) <= 1 or word.lower().startswith("arrow") or word.isdigit() for word in words)
        lead = re.match("[a-z]*", words[0])
        prefix = lead[0] if lead else ""
        if prefix and all(re.match(rf"{prefix}[A-Z]", word) for word in words):
            # In ids of form fields, such as mostProbCat, the class comes last.
            self.add(target, answer.column.origin | {"pattern": rf"^{prefix}(.+)"}, answer.why)
        elif not are_keys:
            self.add(target, answer.column.origin, answer.why)
        elif not are_harmless(words):
            self.add(target, TODO, f"{len(words)} keys or buttons; give the class of each with `values:`")
        else:
            values = dict.fromkeys(sorted(words, key=lambda word: (len(word), word)), TODO)
            self.add(target, answer.column.origin | {"values": values}, "keys or buttons: the class of each")


def name_of(column: RawColumn) -> str:
    """Return the name of a raw column, for comments: `data.response`."""
    return ".".join(str(part) for part in (column.origin["column"], column.origin.get("json")) if part)


def written(proposal: Proposal, layout: Mapping[str, Any]) -> str:
    """Return a proposal as YAML, with the position of the table in its file and the reason for each line."""
    n_open = len(proposal.open_lines) + (TODO in proposal.why)
    head = [
        "Proposed by `hmix contribute map`: compare each line with your experiment before importing.",
        f"With it, {proposal.summary}.",
        f"{n_open} line{'s' if n_open != 1 else ''} to decide: {TODO}." if n_open else "Every line is decided.",
    ]
    text = [f"# {line}" for part in head for line in textwrap.wrap(part, _WIDTH)]
    text.append(_line(f"task: {proposal.task}", proposal.why))
    text += [f"{key}: {_flow(value)}" for key, value in layout.items() if value != _USUAL[key]]
    if proposal.rows:
        text.append("rows:")
        text += [_line(f"  - {_flow(condition)}", why) for condition, why in proposal.rows]
    if proposal.wide is not None:
        text.append(
            _line(f"melt: {_flow(proposal.wide.melt)}", f"one column for each of {len(proposal.wide.items):,} items")
        )
        if not proposal.wide.are_files:
            table = {"file": ITEMS, "by": proposal.wide.melt["into"][0]}
            text.append(_line(f"table: {_flow(table)}", "says which picture each item shows"))
    text.append("columns:")
    text += [_line(f"  {line.target}: {_flow(line.origin)}", line.why) for line in proposal.lines]
    if proposal.unused:
        more = [f"and {len(proposal.unused) - _UNUSED} more"] if len(proposal.unused) > _UNUSED else []
        text += ["# Not used:", *(f"#   {printable(one)}" for one in [*proposal.unused[:_UNUSED], *more])]
    return "\n".join(text) + "\n"


def _line(code: str, why: str) -> str:
    # Column names come from the file's author and must not break the line.
    return f"{code:<{_COMMENT_AT}}  # {printable(why)}" if why else code


def _flow(value: Any) -> str:
    """Return a value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=2**20, allow_unicode=True, sort_keys=False)
    return text.removesuffix("...\n").strip()
