"""New files beside old ones, which take their places all together: first all are written, then all are moved."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from hmix_hub.errors import SourceError, Where
from hmix_hub.files import PREFIX, new_name, sync_folder, write_beside


class NewFiles:
    """Files that are to take the places of others."""

    def __init__(self) -> None:
        self._ready: dict[Path, Path] = {}

    def write(self, place: Path, write: Callable[[BinaryIO], int]) -> int:
        """Write what is to stand in a place, with the mode of what stands there, and down to the disk.

        Parameters
        ----------
        place
            The file that is to be replaced; not a link.
        write
            Writes the content; what it returns is returned.
        """
        self._ready[place] = made = new_name(place)
        with write_beside(made, place) as stream:
            return write(stream)

    def move(self) -> None:
        """Move every file to its place; each is either the old or the new one, whenever this ends."""
        for place, made in self._ready.items():
            os.replace(made, place)
        for folder in {place.parent for place in self._ready}:
            sync_folder(folder)

    def discard(self) -> None:
        """Take away what has not been moved."""
        for made in self._ready.values():
            made.unlink(missing_ok=True)


@contextlib.contextmanager
def new_files(folder: Path, places: list[Path]) -> Iterator[NewFiles]:
    """Give a collection of new files for places in a folder, and discard at the end what was not moved.

    What a run that was killed left beside these places is discarded first.

    Raises
    ------
    SourceError
        If another program is at this in the folder, or a file cannot be written.
    """
    with _locked(folder):
        # As long as this run holds the lock, nobody is writing them.
        for parent in {place.parent for place in places}:
            for left in parent.glob(f"{PREFIX}*"):
                left.unlink(missing_ok=True)
        files = NewFiles()
        try:
            yield files
        except OSError as error:
            msg = f"a file cannot be replaced: {error.strerror or error}"
            hint = (
                "fix that, and run this again with the same key: it goes on where it ended, and changes nothing twice"
            )
            raise SourceError(msg, where=Where(str(folder)), hint=hint) from error
        finally:
            files.discard()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against a second run; where the system has no such locks, nothing is held."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = "another run is replacing files in this folder"
            raise SourceError(msg, where=Where(str(folder)), hint="wait until it has ended") from None
        except OSError:
            # Some network folders know no locks.
            pass
        yield
    finally:
        os.close(handle)
