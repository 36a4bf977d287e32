"""Building: the publishable form of a study, with the same bytes whenever and wherever it is built."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.description.card import card_text
from hmix_hub.contribute.description.croissant import croissant, croissant_text
from hmix_hub.contribute.description.figures import draw_figures
from hmix_hub.contribute.description.totals import statistics_text, study_statistics
from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.files import is_plain_inside, replace_file, sha256_of, whole_folder
from hmix_hub.remote_files import put
from hmix_hub.studies.built_tables import CHECKSUMS, checksums_text, read_checksums
from hmix_hub.studies.folder import (
    CARD,
    CROISSANT,
    FIGURES,
    GENERATED,
    LICENCES,
    PARTICIPANTS,
    RECORD,
    STATISTICS,
    STIMULI,
)
from hmix_hub.studies.judgment_table import refuse_errors
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.study import Study


class FileMark(NamedTuple):
    """Size in bytes and SHA-256 (64 hex digits) of a file."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> FileMark:
        """Return the mark of a file."""
        return cls(path.stat().st_size, sha256_of(path))


@dataclass(frozen=True)
class Built:
    """A built study: its folder, the study, and the mark of each file by path, sorted."""

    path: Path
    study: Study
    files: dict[str, FileMark]


def build(
    study: Study,
    out: str | os.PathLike[str],
    *,
    card: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Built:
    """Build a study.

    Parameters
    ----------
    study
        The study.
    out
        Folder to write: a new or empty one, or the result of an earlier build, which is replaced completely.
    card
        Text of the card; `None`: generated from the manifest and the statistics.
    tell
        Called with the current step, as text.

    Raises
    ------
    StudyError
        If the study breaks a rule (see `hmix contribute validate`), or one of its files changes during the build.
    ConfigurationError
        If `out` contains something else, or is in the study folder.
    """
    tell("checking")
    study.keeps_rows = True
    refuse_errors(check_study(study), study.folder)
    target = target_folder(
        out, study, may_replace=_holds_built_files_alone, why="contains something that was not built"
    )
    tell("computing the tables")
    for name in study.configurations:
        study.rows_of(name)
    with whole_folder(target, replaces=True) as made:
        tell("writing tables, statistics and card")
        files = write_all(study, made, card)
        study.refuse_changes()
    return Built(target, study, files)


def built_before(study: Study, folder: Path) -> Built | None:
    """Return the build in a folder if it is complete and was made from the study's current files."""
    if not (folder / CHECKSUMS).is_file() or not (folder / RECORD).is_file():
        return None
    files, copies = marks(folder), {name: FileMark.of(study.folder.file(name)) for name in copied_files(study)}
    sums = {name: mark.sha256 for name, mark in files.items() if name != CHECKSUMS}
    is_whole = read_checksums((folder / CHECKSUMS).read_text(encoding="utf-8")) == sums
    is_current = (folder / RECORD).read_bytes() == record_text(study, copies).encode()
    return Built(folder, study, files) if is_whole and is_current else None


def target_folder(out: str | os.PathLike[str], study: Study, *, may_replace: Callable[[Path], bool], why: str) -> Path:
    """Return the absolute path of a folder to write a study into.

    Parameters
    ----------
    out
        The folder, as named by the user.
    study
        The study.
    may_replace
        Returns whether an existing folder may be replaced.
    why
        Why it may not, for the message.

    Raises
    ------
    ConfigurationError
        If it is in the study folder, or exists and may not be replaced.
    """
    target = Path(os.path.expanduser(out)).resolve()
    if target.is_relative_to(study.path.resolve()):
        msg = "the output cannot be in the study folder itself"
        raise ConfigurationError(msg, where=Where(str(target)), hint="name a folder next to it")
    if target.exists() and not (target.is_dir() and may_replace(target)):
        msg = f"this already exists and {why}"
        raise ConfigurationError(msg, where=Where(str(target)), hint="name a new or an empty folder")
    return target


def _holds_built_files_alone(folder: Path) -> bool:
    """Return whether a folder is empty or contains only built files, so that it may be replaced."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    sums = folder / CHECKSUMS
    built = {CHECKSUMS, *read_checksums(sums.read_text(encoding="utf-8"))} if sums.is_file() else set()
    return there <= built


def write_all(study: Study, out: Path, card: str | None = None) -> dict[str, FileMark]:
    """Write the publishable form of a study into an empty folder; return the mark of each file. See `build`."""
    for name in copied_files(study):
        _write(out / name, study.folder.file(name).read_bytes())
    write_tables(study, out)
    _write(out / STATISTICS, statistics_text(study_statistics(study)).encode())
    draw_figures(study_statistics(study), out / FIGURES)
    files = marks(out)
    texts = {
        CROISSANT: croissant_text(croissant(study, files)),
        CARD: card_text(study) if card is None else card,
        RECORD: record_text(study, files),
    }
    for name, text in texts.items():
        _write(out / name, text.encode())
    files |= {name: FileMark.of(out / name) for name in texts}
    sums = {name: mark.sha256 for name, mark in sorted(files.items())}
    _write(out / CHECKSUMS, checksums_text(sums).encode())
    return dict(sorted((files | {CHECKSUMS: FileMark.of(out / CHECKSUMS)}).items()))


def write_generated(study: Study, names: Iterable[str]) -> list[str]:
    """Regenerate files of a study folder, and return their paths within it.

    Names are "README.md", "croissant.json", "statistics.json", or "statistics" for the pictures.

    Raises
    ------
    StudyError
        If the study breaks a rule on which they depend.
    """
    wanted = set(names)
    with tempfile.TemporaryDirectory(prefix="hmix-generated-") as scratch:
        out = Path(scratch)
        statistics = study_statistics(study)
        if CROISSANT in wanted:
            # It contains the hashes of all other files.
            write_all(study, out)
        elif FIGURES in wanted:
            draw_figures(statistics, out / FIGURES)
        if STATISTICS in wanted:
            _write(out / STATISTICS, statistics_text(statistics).encode())
        if CARD in wanted:
            _write(out / CARD, card_text(study).encode())
        figures = sorted(path.relative_to(out).as_posix() for path in (out / FIGURES).glob("*"))
        written = [name for name in (*GENERATED, *figures) if name.split("/")[0] in wanted]
        for name in written:
            content = (out / name).read_bytes()
            replace_file(study.folder.file(name), content)
            if study.address is not None:
                put(f"{study.address.rstrip('/')}/{name}", content)
    return written


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def marks(out: Path) -> dict[str, FileMark]:
    """Return the marks of all files of a folder by path, sorted."""
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    return {name: FileMark.of(out / name) for name in files}


def copied_files(study: Study) -> list[str]:
    """Return the files that are published unchanged: manifest, licence, and the listed pictures."""
    licences = [name for name in LICENCES if is_plain_inside(study.path / name, study.path)]
    return [MANIFEST, *licences, *(f"{STIMULI}/{name}" for name in study.stimulus_files)]


def record_text(study: Study, built: Mapping[str, FileMark]) -> str:
    """Return the record of a build's sources: id, version, and the SHA-256 of every file that was read.

    Copied files are not read again: their marks are among those of the build.
    """
    manifest, folder = study.manifest, study.folder
    read = [*folder.judgments.values(), *([PARTICIPANTS] if folder.has_participants else [])]
    inputs = {name: sha256_of(folder.file(name)) for name in read}
    inputs |= {name: built[name].sha256 for name in copied_files(study)}
    record = {
        "study": manifest.id,
        "version": manifest.version,
        "schema_version": manifest.schema_version,
        "synthetic": manifest.synthetic,
        "inputs": dict(sorted(inputs.items())),
    }
    return json.dumps(record, indent=2) + "\n"


def write_tables(study: Study, out: Path) -> None:
    """Write every table of a study as Parquet, with the same bytes for the same tables."""
    for name in study.configurations:
        study.write(name, out)
    # Release the memory used for writing: statistics and pictures need as much.
    pa.default_memory_pool().release_unused()
