"""Written proposals: a proposed column map as commented YAML."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from hmix_hub.contribute.proposal.proposed import ITEMS, TODO, Proposal
from hmix_hub.studies.findings import printable

_WIDTH = 100
_COMMENT_AT = 60
_UNUSED = 12


_USUAL: dict[str, Any] = {"skip": 0, "header": 1, "sheet": None}


def written(proposal: Proposal, layout: Mapping[str, Any]) -> str:
    """Return a proposal as YAML: where the table stands in its file, and of each line, what speaks for it."""
    n_open = len(proposal.open_lines) + (TODO in proposal.why)
    head = [
        "Proposed by `hmix contribute map`: compare each line with your experiment before you import.",
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
            _line(f"melt: {_flow(proposal.wide.melt)}", f"a column for each of {len(proposal.wide.items):,} items")
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
    # Names of columns are of whoever made the file, and a line must stay one.
    return f"{code:<{_COMMENT_AT}}  # {printable(why)}" if why else code


def _flow(value: Any) -> str:
    """Return a value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=2**20, allow_unicode=True, sort_keys=False)
    return text.removesuffix("...\n").strip()
