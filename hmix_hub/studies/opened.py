"""An opened study folder: its files, its manifest, and findings about both, before any row is read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from hmix_hub.errors import HMixError, StudyError, Where
from hmix_hub.files import Look, look_of
from hmix_hub.remote_files import mirror
from hmix_hub.studies.built_tables import ROW_GROUP, SHARD
from hmix_hub.studies.detected import provisional
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import LICENCES, PARTICIPANTS, StudyFolder, find_files, is_judgment_file
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.studies.rules.files import OUTSIDE


@dataclass(frozen=True)
class Space:
    """Limits on memory and disk, and sizes of units and files.

    Parameters
    ----------
    memory
        Bytes of memory for the process; defaults to half of the machine's or container's.
    folder
        Folder for data that do not fit into memory; defaults to the system's folder for temporary files.
    unit
        Number of rows in a unit; larger tables are sorted and cut into units.
    shard
        Number of units in a file.
    """

    memory: int | None = None
    folder: str | Path | None = None
    unit: int = ROW_GROUP
    shard: int = SHARD


USUAL = Space()


class Opened(NamedTuple):
    """An opened study folder.

    Parameters
    ----------
    folder, manifest
        The files, and the manifest (`None` if it is invalid).
    report
        Findings about both.
    leads_outside
        Whether a link points outside the folder.
    looks
        State of each file (such as size and modification time), by path.
    """

    folder: StudyFolder
    manifest: Manifest | None
    report: Report
    leads_outside: bool
    looks: dict[str, Look | None]

    def refuse_changes(self) -> None:
        """Raise an error if a file has changed since.

        Raises
        ------
        StudyError
            If a file was written, so that the checked content is no longer there.
        """
        for name, look in self.looks.items():
            if look_of(self.folder.file(name)) != look:
                msg = "the file was changed while the study was read"
                hint = "run the command again when nothing writes to the folder"
                raise StudyError(msg, where=Where(str(self.folder.file(name))), hint=hint)


def look_into(path: Path, addresses: Mapping[str, str], *, is_draft: bool) -> Opened:
    """Open a study folder.

    Parameters
    ----------
    path
        The folder.
    addresses
        Addresses of files that are elsewhere, by path.
    is_draft
        Whether placeholders are allowed.
    """
    report = Report()
    folder = replace(find_files(path, report), addresses=dict(addresses))
    names = (MANIFEST, PARTICIPANTS, *LICENCES, *folder.judgments.values())
    looks = {name: look_of(folder.file(name)) for name in names}
    manifest = read_manifest(path, report, is_draft=is_draft)
    if manifest is not None:
        manifest = provisional(manifest, folder)
    return Opened(folder, manifest, report, report.has(OUTSIDE), looks)


def copied(address: str) -> tuple[Path, dict[str, str]]:
    """Copy a study at an address into a new temporary folder, except its judgments, which are read remotely.

    Returns
    -------
    tuple
        The folder, which the caller must delete, and the addresses of the judgment files by path.
    """
    path = Path(tempfile.mkdtemp(prefix="hmix-study-"))
    try:
        return path, mirror(address, path, is_judgment_file)
    except HMixError:
        shutil.rmtree(path, ignore_errors=True)
        raise
