"""Metadata of an explorer, `data/explorer.js`: what the page needs before it reads a table."""

from __future__ import annotations

import base64
import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from hmix_hub.explorer.asked import ShownDataset, ShownTask
from hmix_hub.explorer.columns import PAGE_KINDS, page_columns
from hmix_hub.explorer.pictures import PER_SHEET, Pictures
from hmix_hub.judgments.grammar import FILTERS, Filter
from hmix_hub.origin import Origin, origin_of
from hmix_hub.schema import Column, Vocabulary
from hmix_hub.schema.column import DISTRIBUTION_KINDS, Kind
from hmix_hub.tasks import FLAGS
from hmix_hub.tasks.midpoint import WALK
from hmix_hub.tasks.task import Task

FORMAT = 1
"""Version of the folder's format, which the page checks."""
_UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""Characters that could end a script or a line of it."""

Columns = Mapping[str, pa.Array]


def describe(
    datasets: Sequence[ShownDataset],
    tasks: Sequence[Mapping[str, Any]],
    classes: Vocabulary,
    pictures: Pictures,
    *,
    mark: str,
    notes: Sequence[str],
    model: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the metadata.

    Parameters
    ----------
    datasets
        The datasets.
    tasks
        Results of `describe_task`.
    classes
        Class names of the labels.
    pictures
        All pictures.
    mark
        Mark of synthetic judgments; empty: there are none.
    notes
        Sentences shown on the page.
    model
        Description of the model; `None`: there is none.
    """
    return {
        "format": FORMAT,
        "version": version("hmix-hub"),
        "title": "; ".join(dict.fromkeys(one.title for one in datasets)),
        "mark": mark,
        "datasets": [
            {name: getattr(one, name) for name in ("name", "title", "version", "licence", "citation")}
            for one in datasets
        ],
        "classes": list(classes.names),
        "flags": {flag.name: flag.meaning for flag in FLAGS.values()},
        "walk": WALK.tolist(),
        "pictures": {
            "tile": pictures.tile,
            "per_sheet": PER_SHEET,
            "sheets": -(-len(pictures) // (PER_SHEET[0] * PER_SHEET[1])),
            "count": len(pictures),
        },
        "has_mixtures": bool(pictures.mixture_columns),
        "notes": list(notes),
        "model": model,
        "tasks": list(tasks),
    }


def describe_task(shown: ShownTask, judgments: Columns, stimuli: Columns, participants: int) -> dict[str, Any]:
    """Return the metadata of a task.

    Parameters
    ----------
    shown
        Its judgments.
    judgments, stimuli
        Their columns, and those of their stimuli, as the page reads them.
    participants
        Number of participants.
    """
    task = shown.task
    known = {column.name: column for column in page_columns(task)}
    return {
        "name": task.name,
        "title": task.name.replace("_", " "),
        "question": task.question,
        "kind": _kind(task),
        "n_judgments": shown.table.num_rows,
        "n_participants": participants,
        "answer": task.judged_columns[0],
        "coefficient": task.coefficient_column,
        "confidence": "confidence" if "confidence" in judgments else None,
        "facet": next(iter(task.facets), None),
        "columns": [_describe_column(name, known.get(name)) for name in judgments],
        "filters": [one for name in FILTERS.values() if (one := _describe_filter(name, task, judgments, stimuli))],
        "code": code_of(shown.parts),
    }


def _kind(task: Task) -> str:
    """Return the kind of a task's answers, as the page calls it."""
    answer = next(column for column in task.columns if column.name == task.judged_columns[0])
    if answer.kind in DISTRIBUTION_KINDS:
        return "soft label" if task.has_participants else "votes"
    if answer.kind is Kind.LABEL:
        return "class"
    if not task.is_share_answered:
        return "rating"
    return "inferred" if task.shows == "mixture" else "selected"


def _describe_column(name: str, column: Column | None) -> dict[str, Any]:
    if column is None:
        meanings = {
            "stimulus": "row of the stimulus among the stimuli",
            "participant": "row of the participant among the participants",
            "flags": "quality flags, a bit each",
        }
        kind = "flags" if name == "flags" else "row"
        return {"name": name, "kind": kind, "unit": "", "low": None, "high": None, "meaning": meanings[name]}
    return {
        "name": name,
        "kind": PAGE_KINDS[column.kind],
        "unit": column.unit,
        "low": column.low,
        "high": column.high,
        "meaning": column.meaning,
    }


_PLACES = {
    "stimuli": ("stimuli", "stimulus_id"),
    "pairs": ("stimuli", "pair_id"),
    "participants": ("participants", "participant_id"),
    "labels": ("stimuli", "image_1_label"),
    "class_pair": ("stimuli", "image_1_label"),
}
"""Table and column of filters whose column is not one of the page's judgments."""


def _describe_filter(filter_: Filter, task: Task, judgments: Columns, stimuli: Columns) -> dict[str, Any] | None:
    """Return the metadata of a filter; `None` if the task has no such column."""
    place, column = _PLACES.get(filter_.name, ("judgments", filter_.column))
    if place == "judgments" and column not in judgments and column in stimuli:
        place = "stimuli"
    if place == "participants" and not task.has_participants:
        return None
    if column not in {"judgments": judgments, "stimuli": stimuli}.get(place, {column}):
        return None
    known = next((one for one in task.columns if one.name == filter_.column), None)
    return {
        "name": filter_.name,
        "kind": filter_.kind,
        "table": place,
        "column": column,
        "meaning": filter_.meaning,
        "low": None if known is None else known.low,
        "high": None if known is None else known.high,
        "unit": "" if known is None else known.unit,
    }


def code_of(parts: Sequence[ShownDataset]) -> dict[str, str | None]:
    """Return how to load a task's judgments: parts of a call and, for one dataset, of a command."""
    names, sources = [one.name for one in parts], {one.name: one.source for one in parts if one.source}
    is_one = len(parts) == 1
    options = {
        "source": sources.get(names[0], "") if is_one else sources,
        "revision": next((one.revision for one in parts if one.revision), ""),
    }
    told = {name: value for name, value in options.items() if value}
    command = ["--dataset", names[0], *(word for name, value in told.items() for word in (f"--{name}", str(value)))]
    return {
        "python": _python(names[0] if is_one else names),
        "python_options": ", ".join(f"{name}={_python(value)}" for name, value in told.items()),
        "command": shlex.join(command) if is_one else None,
    }


def _python(value: object) -> str:
    """Return strings, and lists and dicts of them, as Python code."""
    return json.dumps(value, ensure_ascii=False)


def mark_of(tasks: Sequence[ShownTask]) -> str:
    """Return the mark of synthetic judgments; empty if there are none."""
    origins = [origin_of(task.dataset) for task in tasks]
    studies: Counter[str] = Counter()
    for origin in origins:
        studies.update(origin.studies)
    judgments, synthetic = (sum(getattr(one, name) for one in origins) for name in ("judgments", "n_synthetic"))
    return Origin(judgments, synthetic, studies).mark


def script_of(name: str, content: object) -> bytes:
    """Return a script that hands metadata to the page; texts of studies cannot end it.

    Raises
    ------
    ValueError
        If it contains NaN or infinity, which JSON cannot represent.
    """
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)
    return f"hmix.receive({json.dumps(name)},{text});\n".encode()


def handing_script(name: str, content: bytes) -> bytes:
    """Return a script that hands a file to the page: opened from disk, it can load scripts but cannot read files."""
    return b'hmix.receive("%b","%b");\n' % (name.encode(), base64.b64encode(content))
