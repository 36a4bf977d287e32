"""Fixing: apply the safe fixes to the CSV files of a study folder, until there are none left."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

from hmix_hub.contribute.building import write_generated
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.fixes import MOST_EXAMPLES, SCALING, Fix, Table, fix_table
from hmix_hub.files import replace_file
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import task_and_ending
from hmix_hub.studies.picture_names import PictureNames
from hmix_hub.studies.pictures import listed_pictures
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import as_text
from hmix_hub.studies.reading.chunks import UnreadableError
from hmix_hub.studies.reading.text import blocks, utf16_of
from hmix_hub.studies.rules import files, stimuli
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.studies.study import Study

_ROUNDS = 6
"""Maximum rounds, because one fix can expose another: first the delimiter, then the columns, then their values."""
_FORMS = (*files.GUESSED, files.BYTE_ORDER_MARK)


def fix(study: Study, *, dry_run: bool = False) -> tuple[list[Fix], Report]:
    """Apply the safe fixes to a study; tables are only fixed in CSV files.

    Parameters
    ----------
    study
        The study, opened as a draft; open it again after files were written.
    dry_run
        Whether to write nothing, and only return the fixes of the first round.

    Returns
    -------
    tuple
        The fixes, in order, and the report of the remaining findings.
    """
    done: list[Fix] = []
    for _ in range(_ROUNDS):
        report = check_study(study)
        scaled = {(fix.file, fix.column) for fix in done if fix.rule in SCALING}
        fixable = [one.file for one in report if one.rule is not files.STALE and one.rule.is_fixed_in(one.file)]
        made = [one for name in dict.fromkeys(fixable) for one in _fix_file(study, name, scaled, dry_run=dry_run)]
        if not made and not report.has_errors_in(*study.folder.judgments.values()):
            made = _renew(study, report, dry_run)
        done += made
        if not made or dry_run:
            return done, report
        study = Study.open(study.path, is_draft=True)
    return done, check_study(study)


def _fix_file(study: Study, name: str, scaled: set[tuple[str, str]], *, dry_run: bool) -> list[Fix]:
    path, report = study.folder.file(name), study.report
    text = _from_utf16(path)
    if text is not None:
        # Fixed separately, because the table's problems are not known yet.
        if not dry_run:
            _write_text(text, path)
        return [Fix(files.ENCODING, name, count=1)]
    table = _read(path, name)
    if table is None:
        return []
    # A column that was scaled once and is still out of range needs a human decision.
    found = {
        (finding.rule.code, finding.column)
        for finding in report
        if finding.file == name and not (finding.rule in SCALING and (name, finding.column) in scaled)
    }
    fixes = [_fix_of_form(one.rule, name, table) for one in report if one.file == name and one.rule in _FORMS]
    task, _ = task_and_ending(path.name) or (None, "")
    classes, scales = (study.manifest.vocabulary.names, study.manifest.rated) if study.has_manifest else ((), {})
    # Other findings about a table parsed with the wrong delimiter are meaningless.
    pictures = _picture_names(study, found)
    fixes = fixes or fix_table(table, task, name, found, classes, pictures=pictures, scales=scales)
    if fixes and not dry_run:
        _write(table, path)
    return fixes


def _picture_names(study: Study, found: set[tuple[str, str]]) -> PictureNames | None:
    """Return the names of the study's pictures, if a fix needs them."""
    if not study.has_manifest or not {stimuli.FILE_SPELLING.code, stimuli.PAIR_ORDER.code} & {
        code for code, _ in found
    }:
        return None
    known = listed_pictures(study.manifest, study.folder, Report())
    return None if known is None else known.names


def _fix_of_form(rule: Rule, name: str, table: Table) -> Fix:
    """Return the fix of a file's form; for another encoding, with examples of its texts as they are now read."""
    fix = Fix(rule, name, count=1)
    if rule is files.ENCODING:
        odd = (text for cells in table.values() for text in cells if not text.isascii())
        fix.examples = [
            (None, text.encode("ascii", "replace").decode(), text)
            for text, _ in zip(dict.fromkeys(odd), range(MOST_EXAMPLES), strict=False)
        ]
    return fix


def _from_utf16(path: Path) -> str | None:
    """Return the text of a file in UTF-16; `None` if it has another encoding, or is damaged."""
    try:
        codec = utf16_of(next(blocks(path), b""))
        return codec and b"".join(blocks(path)).decode(codec)
    except (UnreadableError, OSError, UnicodeDecodeError):
        return None


def _read(path: Path, name: str) -> Table | None:
    """Read a CSV file as text, whatever its form; `None` if it cannot be read completely."""
    report = Report()
    chunks = list(read_chunks(path, name, report, is_tolerant=True))
    if not chunks or any(found.rule not in files.GUESSED for found in report.errors):
        return None
    header = chunks[0].names or list(chunks[0].columns)
    if len(set(header)) < len(header):
        return None
    table: Table = {column: [] for column in header}
    for chunk in chunks:
        for column, cells in chunk.columns.items():
            text = as_text(cells)
            table[column] += [] if text is None else text.to_pylist()
    return table


def _write(table: Table, path: Path) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    _write_text(stream.getvalue(), path)


def _write_text(text: str, path: Path) -> None:
    content = text.encode()
    replace_file(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def _renew(study: Study, report: Report, dry_run: bool) -> list[Fix]:
    """Regenerate stale generated files."""
    stale = [finding.file for finding in report if finding.rule is files.STALE]
    if stale and not dry_run:
        write_generated(study, {name.split("/")[0] for name in stale})
    return [Fix(files.STALE, name, count=1) for name in stale]
