"""Reading of collection.yaml and lists of recruiting ids: all findings are reported at once, each with its line."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hmix_hub.errors import StudyFileError, Where, nearest
from hmix_hub.files import is_plain_inside
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.manifest_fields import PLACEHOLDER
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.recruiting import Recruiting
from hmix_hub.suite.study.rules import impossible
from hmix_hub.suite.study.texts import control_in, markup_in
from hmix_hub.tasks import TASKS
from hmix_hub.yaml_file import (
    BadFileError,
    KeyPath,
    YamlFile,
    known_keys,
    read_text,
    read_yaml,
    texts_in,
    without_empty,
)

COLLECTION = "collection.yaml"
"""The study file's name within a collection folder."""

_NOT_SHOWN = {("recruiting", "pattern"), ("about", "homepage"), ("about", "bibtex"), ("about", "doi")}
_LONGEST = 400
_MOST = 50
_INIT = f"`hmix collect init DIR` writes a {COLLECTION} to start from"
_OTHER_NAMES = {
    "collection.yml": f"rename collection.yml to {COLLECTION}",
    "study.toml": f"TOML is not supported: move the content of study.toml to a {COLLECTION}; {_INIT}",
    "collection.toml": f"TOML is not supported: move the content of collection.toml to a {COLLECTION}; {_INIT}",
    MANIFEST: f"{MANIFEST} is the file of a study to contribute; {_INIT}",
}
"""Files that may be mistaken for the study file, and what to do about them."""
_FORMS: dict[type, tuple[str, str]] = {
    bool: ("true|false", "neither true nor false"),
    int: (r"[+-]?(?:0|[1-9][0-9]*)", "not a whole number"),
    float: (r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", "not a number"),
}
_IDS_LIMIT = 10_000_000
_IDS_HINT = "write one id per line, with or without the name of the address's parameter as a header"


@dataclass(frozen=True, order=True)
class Finding:
    """A problem in a file of a collection folder; line 0 refers to the whole file."""

    file: str
    line: int
    said: str

    @property
    def where(self) -> Where:
        """Its location."""
        return Where(self.file, line=self.line or None)


@dataclass
class Findings:
    """The findings so far, without duplicates."""

    found: set[Finding] = field(default_factory=set)

    def add(self, file: str, line: int, said: str) -> None:
        """Add a finding."""
        self.found.add(Finding(file, line, said))

    def refuse(self) -> None:
        """Raise all findings as one error, in the order of their lines.

        Raises
        ------
        StudyFileError
            If there are any: for a single one, `where` holds its location; for several, the message lists them.
        """
        # The study file comes first, because it refers to the others.
        found = sorted(self.found, key=lambda one: (one.file != COLLECTION, one))
        if len(found) == 1:
            raise StudyFileError(found[0].said, where=found[0].where)
        if found:
            lines = [f"\n  {one.where}: {one.said}" for one in found[:_MOST]]
            rest = f"\n  and {len(found) - _MOST} more" if len(found) > _MOST else ""
            msg = f"{len(found)} problems:" + "".join(lines) + rest
            raise StudyFileError(msg)


def read_bounded(path: Path, name: str, *, limit: int, hint: str) -> str:
    """Read a text file of a collection folder like `hmix_hub.yaml_file.read_text`.

    Raises
    ------
    StudyFileError
        If it cannot be read, is larger than `limit` bytes, or is not UTF-8 (with the line).
    """
    try:
        return read_text(path, limit)
    except BadFileError as error:
        raise StudyFileError(error.said, where=Where(name, line=error.line), hint=hint) from None


def study_file_of(folder: Path) -> Path:
    """Return the path of the study file of a collection folder.

    Raises
    ------
    StudyFileError
        If there is none, or it is a link that leads out of the folder.
    """
    path = folder / COLLECTION
    if not path.is_file():
        is_named = folder.is_file()
        names = [folder.name] if is_named else [name for name in _OTHER_NAMES if (folder / name).is_file()]
        hints = [_OTHER_NAMES[name] for name in names if name in _OTHER_NAMES]
        said = f"there is no {COLLECTION} here" if folder.is_dir() else "the folder does not exist"
        msg = f"this is a file; name the folder that contains {COLLECTION}" if is_named else said
        raise StudyFileError(msg, where=Where(str(folder)), hint=hints[0] if hints else _INIT)
    # As in contributed studies, nothing outside the folder is opened.
    if not is_plain_inside(path, folder):
        msg = "this link leads out of the folder"
        raise StudyFileError(msg, where=Where(COLLECTION), hint="copy the file itself into the folder")
    return path


def read_study_text(folder: Path) -> YamlFile:
    """Read the study file of a collection folder as plain YAML, without further checks.

    Raises
    ------
    StudyFileError
        If there is none, or it is not plain YAML (with the line).
    """
    try:
        return read_yaml(study_file_of(folder))
    except BadFileError as error:
        hint = "lists of pairs belong in separate files; save it as UTF-8" if "byte" in error.said else None
        raise StudyFileError(error.said, where=Where(COLLECTION, line=error.line), hint=hint) from None


def read_study_file(folder: Path, *, allow_placeholders: bool = False) -> StudyFile:
    """Read the study file of a collection folder, collection.yaml.

    Parameters
    ----------
    allow_placeholders
        Whether unfinished (TODO) texts are allowed.

    Raises
    ------
    StudyFileError
        If it is invalid or describes an impossible study; all findings are reported at once, with their lines.
        `hmix_hub.suite.design.drawing.draw_design` checks whether there are enough pictures and pairs.
    """
    text = read_study_text(folder)
    findings = Findings()
    _check_texts(text, findings, allow_placeholders=allow_placeholders)
    try:
        study = StudyFile.model_validate(without_empty(text.content))
    except ValidationError as error:
        _add_problems(error, text, findings)
        findings.refuse()
        raise
    _check_forms(text, study, findings)
    for path, said in impossible(study):
        findings.add(COLLECTION, text.line_of(path), f"{dotted(path)}: {said}")
    findings.refuse()
    return study


def _check_forms(text: YamlFile, study: StudyFile, findings: Findings) -> None:
    """Report numbers and booleans in forms that other YAML readers interpret differently: 1_0, 010, yes."""
    read: Any = study.model_dump()
    for path, written in texts_in(text.content):
        value = read
        for part in path:
            value = value[part]
        pattern, said = _FORMS.get(type(value), ("", ""))
        if pattern and not re.fullmatch(pattern, written):
            findings.add(COLLECTION, text.line_of(path), f"{dotted(path)}: {_shown(written)} is {said}")


def _check_texts(text: YamlFile, findings: Findings, *, allow_placeholders: bool) -> None:
    for path, value in texts_in(text.content):
        name = dotted(path)
        if control := control_in(value):
            findings.add(COLLECTION, text.line_of(path), f"{name}: a control character, {control}")
        for number in range(0 if allow_placeholders else value.count(PLACEHOLDER)):
            line = text.line_of_text(path, PLACEHOLDER, number)
            findings.add(COLLECTION, line, f"{name}: {PLACEHOLDER} must still be replaced")
        seen: dict[str, int] = {}
        for markup in [] if path in _NOT_SHOWN or path[-1] == "url" else markup_in(value):
            line = text.line_of_text(path, markup, seen.get(markup, 0))
            seen[markup] = seen.get(markup, 0) + 1
            said = f"{name}: {markup[:60]!r} is markup, but texts are plain: participants would see it as written"
            findings.add(COLLECTION, line, said)


def _add_problems(error: ValidationError, text: YamlFile, findings: Findings) -> None:
    for problem in error.errors():
        path = _path_of(problem["loc"], text.content)
        # Of several alternatives, report the one that was meant.
        if problem["type"] == "literal_error" and isinstance(problem["input"], list | dict):
            continue
        findings.add(COLLECTION, text.line_of(path), f"{dotted(path)}: {_said(problem, path)}")


def _path_of(location: tuple[str | int, ...], content: Any) -> KeyPath:
    """Return a location in the file, without the names of the model's alternatives."""
    path: KeyPath = ()
    for place, part in enumerate(location):
        is_key = isinstance(content, dict) and part in content
        if is_key or (isinstance(content, list) and isinstance(part, int) and part < len(content)):
            content, path = content[part], (*path, part)
        elif place == len(location) - 1 and isinstance(content, dict) and part != "[key]":
            path = (*path, part)
    return path


def _said(problem: Any, path: KeyPath) -> str:
    kind, given = problem["type"], problem["input"]
    if kind == "missing":
        return "this key is missing"
    if kind == "extra_forbidden":
        return f"unknown key; {nearest(path[-1], known_keys(StudyFile, path[:-1]), label='keys')}"
    if problem["loc"][-1] == "[key]":
        return f"unknown task; {nearest(path[-1], TASKS, label='tasks')}"
    if kind == "too_long":
        return "at most {max_length} are allowed, not {actual_length}".format(**problem["ctx"])
    pattern = problem.get("ctx", {}).get("pattern")
    said = f"this does not match the pattern {pattern}" if pattern else str(problem["msg"])[:_LONGEST]
    return said if isinstance(given, dict | list) else f"{said}, not {_shown(given)}"


def _shown(given: object) -> str:
    shown = str(given).lower() if isinstance(given, bool) else repr(given) if isinstance(given, str) else str(given)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def dotted(path: KeyPath) -> str:
    """Return a path as text, with lists counted from 1: tasks.infer_mixing_factor.quiz.questions[2].answer."""
    written = ""
    for part in path:
        written += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if written else part
    return written


def read_allowed(folder: Path, recruiting: Recruiting) -> list[str]:
    """Read the allow list of recruiting ids; empty if the study has none.

    Raises
    ------
    StudyFileError
        See `read_ids`.
    """
    listed = recruiting.allow_list
    return [] if listed is None else read_ids(folder / listed, listed, recruiting)


def read_ids(path: Path, name: str, recruiting: Recruiting) -> list[str]:
    """Read recruiting ids from a CSV file: the column named like the parameter, or `id`, otherwise the first one.

    Parameters
    ----------
    name
        Name of the file in errors.
    recruiting
        Defines the form of the ids.

    Returns
    -------
    list of str
        The ids in order, without duplicates.

    Raises
    ------
    StudyFileError
        If it cannot be read, is empty, or contains something that is not an id; all such lines are listed.
    """
    rows = list(csv.reader(io.StringIO(read_bounded(path, name, limit=_IDS_LIMIT, hint=_IDS_HINT))))
    head = [cell.strip() for cell in rows[0]] if rows else []
    named = [head.index(one) for one in (recruiting.parameter, "id") if one in head]
    place = named[0] if named else 0
    ids: dict[str, None] = {}
    findings = Findings()
    for line, row in enumerate(rows, 1):
        text = row[place] if place < len(row) else ""
        if (line == 1 and named) or not "".join(row).strip():
            continue
        recruiting_id = recruiting.id_of(text)
        if recruiting_id is None:
            findings.add(name, line, f"{text[:60]!r} does not have the form of ids required by recruiting")
        else:
            ids[recruiting_id] = None
    if not ids and not findings.found:
        findings.add(name, 0, f"the list contains no ids; {_IDS_HINT}")
    findings.refuse()
    return list(ids)
