"""Versions of a study while it is collected: as it began, and as its file was amended; and which of them is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.study.amending import as_agreed
from hmix_hub.suite.study.model import Consent, StudyFile


@dataclass(frozen=True)
class Amendment:
    """A version of the study file that holds from a moment of the collection on.

    Parameters
    ----------
    number
        From 1.
    changed
        Keys that differ from the version before, as people read them: "session.timeout_minutes".
    study_ms
        When it was made, study clock, milliseconds.
    month
        The month, UTC, "2026-03".
    """

    number: int
    study: StudyFile
    changed: tuple[str, ...]
    study_ms: int
    month: str


class Versions:
    """All versions of a study. One thread adds some, and any may read meanwhile.

    Attributes
    ----------
    begun
        The study as it began.
    now
        The study as it is collected now.
    amendments
        The amendments, in order.
    """

    def __init__(self, begun: FrozenStudy) -> None:
        self.begun = self.now = begun
        self.amendments: tuple[Amendment, ...] = ()
        self._agreed = {0: begun}

    @property
    def consents(self) -> list[Consent]:
        """The consent form of each version of the study, from the first; many may have one form."""
        return [study.consent for study in self._studies()]

    def of(self, version: int) -> FrozenStudy:
        """Return the study as people have it who agreed to a version: with its texts, and all else as it is now."""
        return self._agreed[version]

    def add(self, amendments: Sequence[Amendment]) -> None:
        """Take up amendments that follow those that are known."""
        if amendments:
            self.amendments = (*self.amendments, *amendments)
            now = self.begun.amended(amendments[-1].study, len(self.amendments))
            self._agreed = {
                version: replace(now, study=as_agreed(now.study, study), version=version)
                for version, study in enumerate(self._studies())
            }
            self.now = now

    def _studies(self) -> list[StudyFile]:
        return [self.begun.study, *(amendment.study for amendment in self.amendments)]
