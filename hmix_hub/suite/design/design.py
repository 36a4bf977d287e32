"""The design as data: batches of stimuli, what determines them, and the versions of a study while it runs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from hmix_hub.suite.study.amending import as_agreed
from hmix_hub.suite.study.model import Consent, StudyFile, TaskDesign
from hmix_hub.suite.study.questionnaire import AskedPage, questionnaire_of
from hmix_hub.suite.tasks.trial import Stimulus


@dataclass(frozen=True)
class Batch:
    """Stimuli that are shown to the same participants.

    Parameters
    ----------
    number
        Number within the study, from 0.
    task
        The task.
    condition
        Number within the task, from 0, which is exported as the condition.
    quota
        Number of participants wanted.
    stimuli
        The stimuli, without duplicates.
    """

    number: int
    task: str
    condition: int
    quota: int
    stimuli: tuple[Stimulus, ...]


@dataclass(frozen=True)
class FrozenStudy:
    """A study as it is collected: the study file, its batches and its pictures; a version never changes.

    Parameters
    ----------
    batches
        All batches; `batches[n].number == n`.
    image_set
        Name of the image set that indices refer to: "cifar10/test", "<id>/pictures".
    pictures
        Fingerprint of the image set, 16 hex digits.
    lists
        Lists of pairs used for the batches: the file's name within the folder and the SHA-256 of its content, sorted by
        name.
    practice
        Stimuli of the practice trials, by task; tasks without any are left out.
    version
        Number of the study file's amendment; 0: the original.
    begun
        The original batches of an amended study, by which start values and sides are assigned.
    """

    study: StudyFile
    batches: tuple[Batch, ...]
    image_set: str
    pictures: str
    lists: tuple[tuple[str, str], ...] = ()
    practice: dict[str, tuple[Stimulus, ...]] = field(default_factory=dict)
    version: int = 0
    begun: tuple[Batch, ...] = ()

    def design_of(self, batch: Batch) -> TaskDesign:
        """Return the settings of a batch's task in the study file."""
        return self.study.tasks[batch.task]

    @property
    def tasks_each(self) -> int:
        """Number of tasks that each participant is asked, and needs a place in."""
        return 1 if self.study.sitting is None else len(self.study.sitting.tasks)

    def practice_of(self, batch: Batch) -> Batch:
        """Return a batch with the practice stimuli of its task instead of its own."""
        return replace(batch, stimuli=self.practice.get(batch.task, ()))

    def as_begun(self, batch: Batch) -> Batch:
        """Return a batch as it was when the study began."""
        return self.begun[batch.number] if self.begun else batch

    def amended(self, study: StudyFile, version: int) -> FrozenStudy:
        """Return this original study with another version of its file: the same batches, with new quotas."""
        wanted = {
            task: design.people_per_batch
            for task, design in study.tasks.items()
            if design.people_per_batch != self.study.tasks[task].people_per_batch
        }
        batches = tuple(replace(batch, quota=wanted.get(batch.task, batch.quota)) for batch in self.batches)
        return replace(self, study=study, batches=batches, version=version, begun=self.batches)

    def to_json(self) -> str:
        """Return the study as canonical JSON: keys sorted, no spaces."""
        content: dict[str, Any] = {
            "study": self.study.model_dump(mode="json"),
            "batches": [asdict(batch) for batch in self.batches],
            "image_set": self.image_set,
            "pictures": self.pictures,
            "lists": dict(self.lists),
        }
        if self.practice:
            content["practice"] = {
                task: [asdict(stimulus) for stimulus in stimuli] for task, stimuli in self.practice.items()
            }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> FrozenStudy:
        """Return the study from the result of `to_json`."""
        content: dict[str, Any] = json.loads(text)
        batches = tuple(Batch(**{**batch, "stimuli": _stimuli(batch["stimuli"])}) for batch in content["batches"])
        practice = {task: _stimuli(stimuli) for task, stimuli in content.get("practice", {}).items()}
        study = StudyFile.model_validate(content["study"])
        lists = tuple(sorted(content["lists"].items()))
        return cls(study, batches, content["image_set"], content["pictures"], lists, practice)

    @cached_property
    def questionnaire(self) -> tuple[AskedPage, ...]:
        """The pages of questions around the trials."""
        return questionnaire_of(self.study)

    @cached_property
    def sha256(self) -> str:
        """Hash of everything that was frozen, 64 hex digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @cached_property
    def consent_sha256(self) -> str:
        """Hash of the consent form, version and text, 64 hex digits."""
        return self.study.consent.sha256


def uneven_places(study: StudyFile, batches: Iterable[Batch]) -> str | None:
    """Return an error message if the tasks of a sitting have different numbers of places; otherwise `None`."""
    if study.sitting is None:
        return None
    places = Counter[str]()
    for batch in batches:
        places[batch.task] += batch.quota
    if len(set(places.values())) == 1:
        return None
    told = ", ".join(f"{places[task]} in {task}" for task in study.sitting.tasks)
    return f"every participant is asked all tasks, but the tasks have different numbers of places: {told}"


def _stimuli(content: list[dict[str, Any]]) -> tuple[Stimulus, ...]:
    return tuple(Stimulus(**stimulus) for stimulus in content)


@dataclass(frozen=True)
class Amendment:
    """A version of the study file that took effect at some point during the collection.

    Parameters
    ----------
    number
        From 1.
    changed
        Keys that differ from the previous version, in dotted form: "session.timeout_minutes".
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
    """All versions of a study. One thread adds versions; any thread may read at the same time.

    Attributes
    ----------
    begun
        The original study.
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
        """The consent form of each version of the study, from the first; versions may share a form."""
        return [study.consent for study in self._studies()]

    def of(self, version: int) -> FrozenStudy:
        """Return the study for participants who agreed to a version: its texts, and all else as it is now."""
        return self._agreed[version]

    def add(self, amendments: Sequence[Amendment]) -> None:
        """Add amendments that follow the known ones."""
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
