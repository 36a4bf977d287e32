"""Registered studies as they are loaded: fetched, verified and imported once, then built tables in the cache."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass

from hmix_hub.builders.h_mix import code_fingerprint
from hmix_hub.builders.study_table import BuiltFile
from hmix_hub.errors import CacheWarning, SourceError, first_line
from hmix_hub.loading.entries import Entry, fingerprint_of, place_of, read_entry
from hmix_hub.loading.registered_tables import build_tables
from hmix_hub.loading.studies import BuiltStudy
from hmix_hub.sources.arrays import cache_root
from hmix_hub.sources.source import Source
from hmix_hub.studies.built_tables import CHECKSUMS


@dataclass(frozen=True)
class RegisteredStudy(BuiltStudy):
    """A registered study: its tables are built in the cache when one of them is first wanted.

    Parameters
    ----------
    entry
        What it is, and where its files are.
    place
        Where its files are taken from.
    """

    entry: Entry
    place: Source

    @property
    def description(self) -> str:
        """Its name."""
        return f"the registered study {self.entry.name}"

    @property
    def left_out(self) -> tuple[str, ...]:
        """Flags whose rows are left out unless they are asked for."""
        return tuple(self.entry.leave_out)

    @property
    def is_here(self) -> bool:
        """Whether its tables are in the cache, so that they load without a download."""
        return (self.path / CHECKSUMS).is_file()

    def files(self, name: str, *, streaming: bool) -> list[BuiltFile]:
        """Check a table's files, which are built where they are not there yet, and anew where they are damaged."""
        for source_file in self.entry.pinned.files:
            self.place.check(source_file)
        if not self.is_here:
            build_tables(self.entry, self.place, self.path)
        try:
            return super().files(name, streaming=streaming)
        except SourceError as error:
            said = f"the tables of {self.entry.name} are damaged ({first_line(error)}); building them again"
            warnings.warn(said, CacheWarning, stacklevel=2)
        build_tables(self.entry, self.place, self.path, replaces=True)
        return super().files(name, streaming=streaming)


def open_registered(name: str, source: str | os.PathLike[str] | Source | None = None) -> RegisteredStudy:
    """Open a registered study; nothing is fetched or built yet.

    Parameters
    ----------
    name
        Its name.
    source
        See `hmix_hub.loading.entries.place_of`.

    Raises
    ------
    SourceError
        If its entry cannot be understood, or the source is none.
    """
    entry = read_entry(name)
    fingerprint = fingerprint_of(entry, code_fingerprint("importing", "loading"))
    folder = cache_root() / "registered" / f"{name}-{fingerprint}"
    return RegisteredStudy(entry.manifest, folder, entry, place_of(entry, source))
