"""Privacy of a study folder: a search for information that could identify participants."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from hmix_hub.contribute.privacy.demographics import Demographics
from hmix_hub.contribute.privacy.patterns import IDENTITIES, IN_PROSE, PATTERNS, masked, masked_name
from hmix_hub.contribute.privacy.pictures import check_pictures
from hmix_hub.contribute.privacy.searched_table import SearchedTable
from hmix_hub.contribute.privacy.texts import first_line, search_file, search_manifest
from hmix_hub.errors import ConfigurationError
from hmix_hub.files import is_plain_inside
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import ENDINGS, JUDGMENTS, LICENCES, NOTES, PARTICIPANTS, STIMULI, task_and_ending
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import privacy as rules
from hmix_hub.studies.rules.rule import Severity
from hmix_hub.studies.study import Study
from hmix_hub.tasks import TASKS, columns

DEFAULT_K = 5
FILE_LIMIT = 100_000
"""Maximum number of files whose names are checked."""
PROSE = (NOTES, *LICENCES)

_DIVIDERS = re.compile(r"[,;\t|]")


def scan_privacy(study: Study, *, k: int = DEFAULT_K) -> Report:
    """Search a study for information that could identify participants.

    The search covers study.yaml with its comments; column names and cells of all tables (judgments, participants.csv,
    lists of pictures, and files with other names next to them); the names of all files; and the metadata of pictures.
    A file that cannot be read as a table is reported, and searched as plain text as far as possible.

    Parameters
    ----------
    study
        The study, which need not be valid.
    k
        Minimum number of participants who share each combination of demographics; 1: allow any.

    Returns
    -------
    Report
        The findings, with every value masked: its first two characters and its length.

    Raises
    ------
    ConfigurationError
        If k is not a whole number from 1.
    """
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        msg = f"k is a number of participants, not {k!r}"
        raise ConfigurationError(msg, hint=f"give a whole number from 1; {DEFAULT_K} is usual")
    path, report = study.path, Report()
    _search_names(path, report)
    if is_plain_inside(path / MANIFEST, path):
        search_manifest(path / MANIFEST, report)
    tables, demographics = list(_tables(path)), Demographics()
    # participants.csv comes first, because findings name its rows.
    ordered = sorted(tables, key=lambda name: name != PARTICIPANTS)
    rows = {name: _search_table(path / name, name, report, demographics) for name in ordered}
    report.rows |= {masked_name(name): rows[name] for name in tables}
    for name in PROSE:
        if is_plain_inside(path / name, path):
            search_file(path / name, name, report, IN_PROSE)
    demographics.tell(report, k)
    pictures = (name for name in _names(path / STIMULI) if is_plain_inside(path / STIMULI / name, path))
    check_pictures(path / STIMULI, pictures, report)
    return report


def _tables(root: Path) -> Iterator[str]:
    for place in (JUDGMENTS, "", STIMULI):
        folder = root / place
        if folder.is_dir() and folder.resolve().is_relative_to(root.resolve()):
            for file in sorted(folder.iterdir()):
                is_table = file.name.lower().endswith(ENDINGS) and not file.name.startswith(".")
                if is_table and is_plain_inside(file, root):
                    yield file.relative_to(root).as_posix()


def _search_names(root: Path, report: Report) -> None:
    names = [name for name, _ in zip(_names(root), range(FILE_LIMIT), strict=False)]
    texts = pa.array([name.encode("utf-8", "replace").decode() for name in names], pa.string())
    for pattern in PATTERNS:
        hits = pattern.hits(texts)
        chosen = [name for name, hit in zip(names, hits.to_pylist(), strict=True) if hit]
        for name, found in zip(chosen, pattern.finds(texts.filter(hits)), strict=True):
            is_picture = name.startswith(f"{STIMULI}/") and pattern not in IDENTITIES
            # The date of a picture is not the date of a judgment.
            if found is not None and not is_picture:
                file, note = masked_name(name), f"it looks like {pattern.what}"
                report.add(rules.FILE_NAME, file=file, value=masked(found), note=note)


def _names(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted([*files, *folders]):
            yield (Path(folder) / name).relative_to(root).as_posix()


def _search_table(path: Path, name: str, report: Report, demographics: Demographics) -> int:
    """Search a table; return the number of its rows."""
    are_stimuli, measures = name.startswith(f"{STIMULI}/"), _measures(name)
    table = SearchedTable(name, report, measures=measures, is_of_people=not are_stimuli)
    reading = Report()
    for chunk in read_chunks(path, name, reading, is_tolerant=True):
        table.add(chunk)
        # The demographics of a table that can only be read by guessing are not counted.
        if (name == PARTICIPANTS or name.startswith(f"{JUDGMENTS}/")) and not reading.has(*file_rules.GUESSED):
            demographics.add(chunk, name, measures, report)
    if reading.errors or table.has_hidden_columns:
        _pass_on(reading, report)
        if not path.name.lower().endswith(".parquet"):
            table.add_header(_DIVIDERS.split(first_line(path).replace('"', "")))
            search_file(path, name, report, IDENTITIES if are_stimuli else PATTERNS)
    elif not table.rows:
        table.add_header(_DIVIDERS.split(first_line(path).replace('"', "")))
    table.finish()
    return table.rows


def _measures(name: str) -> frozenset[str]:
    """Return the columns of a judgment file that the schema defines, except participant ids."""
    found = task_and_ending(Path(name).name)
    tasks = [found[0]] if found else list(TASKS)
    known = {column.name for task in tasks for column in columns(task)}
    return frozenset(known - {"participant_id"}) if name.startswith(f"{JUDGMENTS}/") else frozenset()


def _pass_on(reading: Report, report: Report) -> None:
    """Report why a table could not be read completely, since the rest of it was not searched."""
    for finding in reading:
        if finding.rule.severity is Severity.ERROR:
            report.add_rows(
                finding.rule,
                [spot.row for spot in finding.spots],
                [None] * len(finding.spots),
                file=masked_name(finding.file),
                column=masked_name(finding.column),
                notes=[masked_name(spot.note) for spot in finding.spots],
                count=finding.count,
            )
