"""The manifest of a contributed study, `study.yaml`: a strict model that refuses what it does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from hmix_hub.schema import CIFAR10, CURRENT, Vocabulary
from hmix_hub.schema.scale import Scale
from hmix_hub.schema.vocabulary import LIST_MARK
from hmix_hub.sources.image_set import METHOD_MARK, PIXEL_LINEAR
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.studies.manifest_fields import (
    PLACEHOLDER,
    Licence,
    Line,
    Month,
    Open,
    RatingScale,
    SoftLabels,
    Strict,
    Text,
    is_placeholder,
)
from hmix_hub.tasks import RATING, TASKS
from hmix_hub.tasks.soft_labels import Procedure, Question

_ORCID = re.compile(r"([0-9]{4})-([0-9]{4})-([0-9]{4})-([0-9]{3}[0-9X])")


class Author(Strict):
    """A person, or a group, that made a study."""

    name: Line = Field(description="Name as it is cited.")
    orcid: str | None = Field(None, description="ORCID iD: 0000-0002-1825-0097.")
    affiliation: Line | None = Field(None, description="University, company, …")

    @field_validator("orcid")
    @classmethod
    def _check_orcid(cls, orcid: str | None) -> str | None:
        if orcid is None:
            return None
        bare = orcid.removeprefix("https://orcid.org/")
        if not _ORCID.fullmatch(bare):
            msg = f"{orcid!r} is no ORCID iD: it has four groups of four digits, the last perhaps ending in X"
            raise ValueError(msg)
        expected = orcid_check_digit(bare)
        if bare[-1] != expected:
            msg = f"the check digit of {bare} is {expected}, not {bare[-1]}: a digit is mistyped"
            raise ValueError(msg)
        return bare


def orcid_check_digit(orcid: str) -> str:
    """Return the last character that an ORCID iD must have, "0" to "9" or "X".

    Source: ISO 7064 MOD 11-2, as ORCID uses it.
    """
    total = 0
    for digit in orcid.replace("-", "")[:15]:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


MANIFEST = "study.yaml"
if TYPE_CHECKING:
    # What a type checker cannot read from the registry.
    TaskName = str
else:
    TaskName = Literal[tuple(TASKS)]
Mixing = Literal["pixel-linear", "morph", "cutmix", "latent", "audio-visual", "none", "other"]

OWN_PICTURES, ELSEWHERE = "own", "elsewhere"
"""Sources of pictures that the study lists: those that are published with it, and those that may not be."""
LISTED_PICTURES = (OWN_PICTURES, ELSEWHERE)
if TYPE_CHECKING:
    PictureSource = str
    HeldPictures = str
else:
    # Pydantic takes the names as they are registered, a type checker only names that are written here.
    PictureSource = Literal[(*IMAGE_SETS, *LISTED_PICTURES)]
    HeldPictures = Literal[(*IMAGE_SETS, OWN_PICTURES)]
DEFAULT_CLASSES = "cifar10"
SINGLE = "none"
"""The mixing of a study of single pictures."""

_TAKEN = ("sample", "cifar10")
_NUMBER = r"(0|[1-9][0-9]*)"
_BEFORE = rf"({_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
SEMVER = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_BEFORE}(\.{_BEFORE})*)?$"
"""Version by semver.org 2.0.0, without what may stand behind a plus."""


class Stimuli(Strict):
    """What people saw, and how it was made."""

    source: Annotated[PictureSource, Open] = Field(
        description="The endpoint pictures: a pinned set that hmix-hub knows; `own`: those of stimuli/images.csv; or "
        "`elsewhere`: those that it lists, which may not be published."
    )
    mixing: Annotated[Mixing, Open] = Field(
        description="How pictures were mixed: `pixel-linear` is lambda * image_1 + (1 - lambda) * image_2; `none`: "
        "single pictures alone."
    )
    mixing_note: Text | None = Field(None, description="The method in words; asked for where it is not pixel-linear.")
    classes: Annotated[Literal["cifar10"] | Annotated[list[Line], Field(min_length=1, max_length=10_000)], Open] = (
        Field(description="The class names in order, or `cifar10` for its ten; one is enough where pictures are rated.")
    )

    @field_validator("classes")
    @classmethod
    def _check_classes(cls, classes: object) -> object:
        if isinstance(classes, list):
            Vocabulary(tuple(classes))
            for name in classes:
                if "/" in name or name.lower().startswith("mixed_"):
                    msg = f"{name!r} cannot be a class: a slash, or a beginning with mixed_, would spoil the ids"
                    raise ValueError(msg)
                if LIST_MARK in name or name.startswith("["):
                    msg = f"{name!r} cannot be a class: lists of classes are written a|b or as JSON, [...]"
                    raise ValueError(msg)
        return classes

    @model_validator(mode="after")
    def _check_note(self) -> Stimuli:
        if self.mixing not in {PIXEL_LINEAR, SINGLE, PLACEHOLDER} and not self.mixing_note:
            msg = f"mixing_note is missing: say in words what {self.mixing} is here"
            raise ValueError(msg)
        return self

    @property
    def vocabulary(self) -> Vocabulary:
        """The class names that labels count in; CIFAR-10's in a draft that names none."""
        return CIFAR10 if isinstance(self.classes, str) else Vocabulary(tuple(self.classes))


class Ethics(Strict):
    """Who approved the study, and what people consented to."""

    approval: Text = Field(description="Body and number of the approval, or why none was needed.")
    consent: Text = Field(description="What people were told and agreed to, publication of their answers included.")


class Collected(Strict):
    """When answers were collected, to the month."""

    first: Month = Field(description="First month, YYYY-MM.")
    last: Month = Field(description="Last month, YYYY-MM.")

    @model_validator(mode="after")
    def _check_order(self) -> Collected:
        if PLACEHOLDER not in {self.first, self.last} and self.last < self.first:
            msg = f"the last month, {self.last}, is before the first, {self.first}"
            raise ValueError(msg)
        return self


class Citation(Strict):
    """How to cite the study."""

    doi: Annotated[str, StringConstraints(pattern=r"^10\.[0-9]{4,9}/\S+$")] | None = Field(
        None, description="DOI, without https://doi.org/."
    )
    bibtex: Text | None = Field(None, description="BibTeX entry.")

    @field_validator("bibtex")
    @classmethod
    def _check_bibtex(cls, bibtex: str | None) -> str | None:
        if bibtex is not None and (not re.match(r"@\w+\s*\{", bibtex) or bibtex.count("{") != bibtex.count("}")):
            msg = "this is no BibTeX entry: it begins @article{key, and closes every brace"
            raise ValueError(msg)
        return bibtex

    @model_validator(mode="after")
    def _check_one(self) -> Citation:
        if self.doi is None and self.bibtex is None:
            msg = "give a doi, or a bibtex entry"
            raise ValueError(msg)
        return self


class Manifest(Strict):
    """What a study says of itself."""

    schema_version: str = Field(CURRENT, description="Version of the judgment table's schema.")
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,62}[a-z0-9]$")] = Field(
        description="Short name: lower case, digits, hyphens; it begins every judgment_id."
    )
    title: Line = Field(description="Title in one line.")
    version: Annotated[str, StringConstraints(pattern=SEMVER)] = Field(
        description="Version of the data: 1.0.0; a change of values raises it."
    )
    description: Text = Field(description="What was asked of whom, and why.")
    authors: Annotated[list[Author], Field(min_length=1)] = Field(description="Who made the study.")
    licence: Licence = Field(description="SPDX expression: CC-BY-4.0, CC0-1.0, …")
    synthetic: bool = Field(
        False, description="Whether a program made the answers: a simulation, a trial run; no participant gave them."
    )
    ethics: Ethics
    recruitment: Text = Field(description="How people were found and paid; who was excluded.")
    collected: Collected
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"), Open] = Field(
        description="Language of the interface, BCP 47: en, de, pt-BR."
    )
    tasks: Annotated[list[TaskName], Field(min_length=1)] = Field(description="The tasks whose judgments are here.")
    stimuli: Stimuli
    soft_labels: SoftLabels | None = Field(
        None, description="Of categorical_soft_labels: what was asked, and the study's soft-label procedure."
    )
    scales: Annotated[list[RatingScale], Field(min_length=1, max_length=100)] | None = Field(
        None, description="Of scale_rating: the scales on which people rated."
    )
    citation: Citation
    contact: Line = Field(description="Address or page of those who answer questions.")
    homepage: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = Field(
        None, description="Page of the study."
    )

    @field_validator("version")
    @classmethod
    def _check_version(cls, version: str) -> str:
        # The version becomes a tag, and Git keeps the ending for itself.
        if version.endswith(".lock"):
            msg = f"{version!r} cannot be a version: Git takes no tag that ends in .lock"
            raise ValueError(msg)
        return version

    @field_validator("tasks")
    @classmethod
    def _check_tasks(cls, tasks: list[TaskName]) -> list[TaskName]:
        if len(set(tasks)) < len(tasks):
            msg = "a task stands twice"
            raise ValueError(msg)
        return sorted(tasks, key=list(TASKS).index)

    @field_validator("scales")
    @classmethod
    def _check_scales(cls, scales: list[RatingScale] | None) -> list[RatingScale] | None:
        names = [scale.name.lower() for scale in scales or () if not is_placeholder(scale.name)]
        if len(set(names)) < len(names):
            msg = "two scales have one name, whatever the case"
            raise ValueError(msg)
        return scales

    @model_validator(mode="after")
    def _check_id(self) -> Manifest:
        if self.stimuli.source in LISTED_PICTURES and self.id in _TAKEN:
            msg = f"the id {self.id!r} is taken: a study of own pictures would give them the name of other ones"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_number_of_classes(self) -> Manifest:
        classes, choosing = self.stimuli.classes, [task for task in self.tasks if task != RATING]
        if isinstance(classes, list) and len(classes) < 2 and choosing:
            msg = f"stimuli.classes: {choosing[0]} needs at least two classes; {RATING} alone may have one"
            raise ValueError(msg)
        return self

    @property
    def has_own_pictures(self) -> bool:
        """Whether its pictures are its own, rather than those of an image set."""
        return self.stimuli.source != self.image_set

    @property
    def image_set(self) -> str:
        """Name of the image set that indices count in; `<id>/pictures` is the study's own.

        Where pictures were not mixed pixel by pixel, the method stands behind, so that none is drawn that way.
        """
        source = self.stimuli.source
        is_linear = self.stimuli.mixing in {PIXEL_LINEAR, SINGLE}
        if is_linear and source not in LISTED_PICTURES:
            return source
        # The study's id, since others may mix the same pictures otherwise.
        name = f"{self.id}/{'pictures' if source in LISTED_PICTURES else source.replace('/', '-')}"
        return name if is_linear else f"{name}{METHOD_MARK}{self.stimuli.mixing}"

    @property
    def vocabulary(self) -> Vocabulary:
        """The class names that labels count in."""
        return self.stimuli.vocabulary

    @property
    def asked(self) -> tuple[Question, ...] | None:
        """What participants of the categorical task were asked besides the class; `None`: it is not stated."""
        stated = None if self.soft_labels is None else self.soft_labels.asked
        return None if stated is None or is_placeholder(stated) else tuple(stated)

    @property
    def procedure(self) -> Procedure | None:
        """The study's soft-label procedure; `None`: it is not stated."""
        stated = None if self.soft_labels is None else self.soft_labels.procedure
        return None if is_placeholder(stated) else stated

    @property
    def rated(self) -> dict[str, Scale]:
        """The scales by name, in the order of the manifest."""
        return {named.name: named.scale for named in self.scales or ()}
