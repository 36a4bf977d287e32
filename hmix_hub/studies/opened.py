"""A study folder as it is found: its files, what its manifest says, and what is wrong before any row is read."""

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
    """What a study of any size may take.

    Parameters
    ----------
    memory
        Bytes of memory of the process; `None`: half of the machine's or the container's.
    folder
        Folder for what does not fit into memory; `None`: the system's place for temporary files.
    unit
        Rows that fill a unit; a table with more is sorted and cut into units.
    shard
        Units of one file.
    """

    memory: int | None = None
    folder: str | Path | None = None
    unit: int = ROW_GROUP
    shard: int = SHARD


USUAL = Space()


class Opened(NamedTuple):
    """What a look at a study folder gives.

    Parameters
    ----------
    folder, manifest
        Its files, and its manifest; `None`: it cannot be understood.
    report
        What is wrong with both.
    leads_outside
        Whether a link leads out of the folder.
    looks
        How each file looked, by path.
    """

    folder: StudyFolder
    manifest: Manifest | None
    report: Report
    leads_outside: bool
    looks: dict[str, Look | None]

    def refuse_changes(self) -> None:
        """Raise an error if a file looks otherwise now.

        Raises
        ------
        StudyError
            If one was written: what was checked is no longer what stands there.
        """
        for name, look in self.looks.items():
            if look_of(self.folder.file(name)) != look:
                msg = "the file was changed while the study was read"
                hint = "run the same command again, once nothing writes to the folder"
                raise StudyError(msg, where=Where(str(self.folder.file(name))), hint=hint)


def look_into(path: Path, addresses: Mapping[str, str], *, is_draft: bool) -> Opened:
    """Look at a study folder.

    Parameters
    ----------
    path
        The folder.
    addresses
        Addresses of files that lie elsewhere, by path.
    is_draft
        Whether what a starter left to be written may still be there.
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
    """Copy a study at an address into a new temporary folder, but for its judgments, which are read where they lie.

    Returns
    -------
    tuple
        The folder, which is the caller's to delete, and the addresses of the files of judgments by path.
    """
    path = Path(tempfile.mkdtemp(prefix="hmix-study-"))
    try:
        return path, mirror(address, path, is_judgment_file)
    except HMixError:
        shutil.rmtree(path, ignore_errors=True)
        raise
