"""The study file as it was written: its content, and the line of each of its parts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hmix_hub.errors import StudyFileError, Where
from hmix_hub.suite.study.bounded import read_bounded
from hmix_hub.suite.study.toml_lines import lines_of_toml
from hmix_hub.yaml_file import SIZE_LIMIT, read_yaml, texts_in

TOML, YAML = "study.toml", "study.yaml"
_SHORT_YAML = "study.yml"
KeyPath = tuple[str | int, ...]

_HINT = "`hmix collect init DIR` writes a study file to fill in"


@dataclass(frozen=True)
class StudyText:
    """A study file as it was written.

    Parameters
    ----------
    file
        Its name: study.toml or study.yaml.
    content
        Its values; in YAML every one is text.
    lines
        Line of each part, from 1, by its path.
    text
        The whole file.
    """

    file: str
    content: dict[str, Any]
    lines: dict[KeyPath, int]
    text: str

    def line_of(self, path: KeyPath) -> int:
        """Give the line of a part; of one that is not there, or was not found, that of the table around it."""
        return next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 1)

    def line_of_text(self, path: KeyPath, part: str, number: int = 0) -> int:
        """Give the line of a piece of a text value that may have several lines.

        Parameters
        ----------
        path
            The value.
        part
            The piece.
        number
            Which of its occurrences, from 0.
        """
        first = self.line_of(path)
        last = min((line for line in self.lines.values() if line > first), default=len(self.text) + 1)
        rows = self.text.split("\n")[first - 1 : max(last - 1, first)]
        places = [first + row for row, content in enumerate(rows) for _ in range(content.count(part))]
        return places[number] if number < len(places) else first

    def texts(self) -> Iterator[tuple[KeyPath, str]]:
        """Give every text value with its path."""
        return texts_in(self.content)


def study_file_of(folder: Path) -> Path:
    """Give the path of the study file of a collection folder.

    Raises
    ------
    StudyFileError
        If there is none, or there are two.
    """
    # Like a contributed study's, nothing outside the folder is opened.
    found = [folder / name for name in (TOML, YAML) if (folder / name).is_file()]
    if len(found) > 1:
        msg = f"{TOML} and {YAML} are both here"
        raise StudyFileError(msg, where=Where(str(folder)), hint="keep one of them: which is meant cannot be told")
    if not found:
        msg = f"there is no {TOML} here" if folder.is_dir() else "there is no such folder"
        is_short = (folder / _SHORT_YAML).is_file()
        hint = f"there is a {_SHORT_YAML}: rename it to {YAML}" if is_short else _HINT
        raise StudyFileError(msg, where=Where(str(folder)), hint=hint)
    if not found[0].resolve().is_relative_to(folder.resolve()):
        msg = "this link leads out of the folder"
        raise StudyFileError(msg, where=Where(found[0].name), hint="copy the file itself into the folder")
    return found[0]


def read_study_text(folder: Path) -> StudyText:
    """Read the study file of a collection folder, of which nothing is known but that it is TOML or plain YAML.

    Raises
    ------
    StudyFileError
        If there is none, or it is neither; the line is named.
    """
    path = study_file_of(folder)
    hint = "pairs stand in a file of their own; save it as UTF-8"
    text = read_bounded(path, path.name, limit=SIZE_LIMIT, hint=hint).replace("\r\n", "\n")
    if path.name == TOML:
        return StudyText(TOML, _toml(text), lines_of_toml(text), text)
    try:
        found_yaml = read_yaml(path)
        content, lines = found_yaml.content, found_yaml.lines
    except ValueError as error:
        found = re.match(r"line (\d+): (.*)", str(error), re.DOTALL)
        line, said = (int(found[1]), found[2]) if found else (1, str(error))
        raise StudyFileError(said, where=Where(YAML, line=line)) from None
    return StudyText(YAML, _filled(content), lines, text)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at line (\d+), column \d+\)$", str(error), re.DOTALL)
        said, line = (found[1], int(found[2])) if found else (str(error), text.rstrip().count("\n") + 1)
        msg = f"not TOML: {said.removesuffix(' (at end of document)')}"
        raise StudyFileError(msg, where=Where(TOML, line=line), hint="see https://toml.io") from None
    except RecursionError:
        msg = "nested too deeply"
        raise StudyFileError(msg, where=Where(TOML)) from None


def _filled(content: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is left empty, and give the number of the layout as the model has it."""
    filled: dict[str, Any] = _without_empty(content)
    return filled | {"format": 1} if filled.get("format") == "1" else filled


def _without_empty(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _without_empty(value) for key, value in content.items() if value is not None}
    return [_without_empty(value) for value in content] if isinstance(content, list) else content
