"""Reading of the study file: all that is wrong with it at once, each with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hmix_hub.errors import nearest
from hmix_hub.model_keys import known_keys
from hmix_hub.studies.manifest import PLACEHOLDER
from hmix_hub.suite.study.findings import Findings
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.rules import impossible
from hmix_hub.suite.study.study_text import TOML, YAML, KeyPath, StudyText, read_study_text
from hmix_hub.suite.study.texts import control_in, markup_in
from hmix_hub.tasks import TASKS

_NOT_SHOWN = {("completion", "url"), ("about", "homepage"), ("about", "bibtex"), ("about", "doi")}
_LONGEST = 400


def read_study_file(folder: Path, *, allow_placeholders: bool = False) -> StudyFile:
    """Read the study file of a collection folder, study.toml or study.yaml.

    Parameters
    ----------
    folder
        The collection folder.
    allow_placeholders
        Whether what the starter left to be written may still be there.

    Raises
    ------
    StudyFileError
        If it cannot be understood, or asks for what cannot be done; everything is told at once, with its line.
        Whether there are pictures and pairs enough `hmix_hub.suite.design.drawing.draw_design` tells.
    """
    text = read_study_text(folder)
    findings = Findings()
    _check_texts(text, findings, allow_placeholders=allow_placeholders)
    try:
        # In YAML all values are text, which the model turns into numbers; in TOML a text is no number.
        study = StudyFile.model_validate(text.content, strict=text.file == TOML)
    except ValidationError as error:
        _add_problems(error, text, findings)
        findings.refuse()
        raise
    if text.file == YAML:
        _check_forms(text, study, findings)
    for path, said in impossible(study):
        findings.add(text.file, text.line_of(path), f"{dotted(path)}: {said}")
    findings.refuse()
    return study


_FORMS: dict[type, tuple[str, str]] = {
    bool: ("true|false", "neither true nor false"),
    int: (r"[+-]?(?:0|[1-9][0-9]*)", "no whole number"),
    float: (r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", "no number"),
}


def _check_forms(text: StudyText, study: StudyFile, findings: Findings) -> None:
    """Tell of what stands in a YAML file for numbers and truths and would not be one in TOML: 1_0, 1.0, yes."""
    read: Any = study.model_dump()
    for path, written in text.texts():
        value = read
        for part in path:
            value = value[part]
        pattern, said = _FORMS.get(type(value), ("", ""))
        if pattern and not re.fullmatch(pattern, written):
            findings.add(text.file, text.line_of(path), f"{dotted(path)}: {_shown(written)} is {said}")


def _check_texts(text: StudyText, findings: Findings, *, allow_placeholders: bool) -> None:
    for path, value in text.texts():
        name = dotted(path)
        if control := control_in(value):
            findings.add(text.file, text.line_of(path), f"{name}: a control character, {control}")
        for number in range(0 if allow_placeholders else value.count(PLACEHOLDER)):
            line = text.line_of_text(path, PLACEHOLDER, number)
            findings.add(text.file, line, f"{name}: {PLACEHOLDER} is still to be written")
        seen: dict[str, int] = {}
        for markup in [] if path in _NOT_SHOWN else markup_in(value):
            line = text.line_of_text(path, markup, seen.get(markup, 0))
            seen[markup] = seen.get(markup, 0) + 1
            said = f"{name}: {markup[:60]!r} is markup, and texts are plain: people would read it as it stands"
            findings.add(text.file, line, said)


def _add_problems(error: ValidationError, text: StudyText, findings: Findings) -> None:
    problems = error.errors()
    for problem in problems:
        path = _path_of(problem["loc"], text.content)
        # Of alternatives, the one that was meant is told.
        if problem["type"] == "literal_error" and isinstance(problem["input"], list | dict):
            continue
        findings.add(text.file, text.line_of(path), f"{dotted(path)}: {_said(problem, path)}")


def _path_of(location: tuple[str | int, ...], content: Any) -> KeyPath:
    """Leave out of a location what is not of the file but of the model's own alternatives."""
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
        return f"there is no such key; {nearest(path[-1], known_keys(StudyFile, path[:-1]), label='keys')}"
    if problem["loc"][-1] == "[key]":
        return f"there is no such task; {nearest(path[-1], TASKS, label='tasks')}"
    pattern = problem.get("ctx", {}).get("pattern")
    said = f"it does not have the form {pattern}" if pattern else str(problem["msg"])[:_LONGEST]
    return said if isinstance(given, dict | list) else f"{said}, not {_shown(given)}"


def _shown(given: object) -> str:
    shown = str(given).lower() if isinstance(given, bool) else repr(given) if isinstance(given, str) else str(given)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def dotted(path: KeyPath) -> str:
    """Write a path as people read it: tasks.infer_mixing_factor.quiz.questions[2].answer, lists counted from 1."""
    written = ""
    for part in path:
        written += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if written else part
    return written
