"""Findings about a study file: all that is wrong, told at once, each with its line."""

from __future__ import annotations

from dataclasses import dataclass, field

from hmix_hub.errors import StudyFileError, Where

_MOST = 50


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is wrong with a file of a collection folder.

    Parameters
    ----------
    file
        Its name within the folder.
    line
        Line, from 1; 0: the file as a whole.
    said
        What is wrong, and what to do.
    """

    file: str
    line: int
    said: str

    def __str__(self) -> str:
        return f"{self.where}: {self.said}"

    @property
    def where(self) -> Where:
        """Its place."""
        return Where(self.file, line=self.line or None)


@dataclass
class Findings:
    """What was found so far, each thing once."""

    found: set[Finding] = field(default_factory=set)

    def add(self, file: str, line: int, said: str) -> None:
        """Add a finding."""
        self.found.add(Finding(file, line, said))

    def refuse(self) -> None:
        """Tell all findings, in the order of their lines.

        Raises
        ------
        StudyFileError
            If there are any: of a single one `where` holds the place; of several the message lists them.
        """
        # The study file comes first, as it leads to the others.
        found = sorted(self.found, key=lambda one: (not one.file.startswith("study."), one))
        if len(found) == 1:
            raise StudyFileError(found[0].said, where=found[0].where)
        if found:
            lines = [f"\n  {one}" for one in found[:_MOST]]
            rest = f"\n  and {len(found) - _MOST} more" if len(found) > _MOST else ""
            msg = f"{len(found)} things are wrong:" + "".join(lines) + rest
            raise StudyFileError(msg)
