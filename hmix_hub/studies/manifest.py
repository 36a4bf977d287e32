"""The manifest of a contributed study, `study.yaml`: a strict model that rejects unknown fields."""

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
    """A person or group that created a study."""

    name: Line = Field(description="Name as cited.")
    orcid: str | None = Field(None, description="ORCID iD: 0000-0002-1825-0097.")
    affiliation: Line | None = Field(None, description="University, company, …")

    @field_validator("orcid")
    @classmethod
    def _check_orcid(cls, orcid: str | None) -> str | None:
        if orcid is None:
            return None
        bare = orcid.removeprefix("https://orcid.org/")
        if not _ORCID.fullmatch(bare):
            msg = f"{orcid!r} is not an ORCID iD: write four groups of four digits, such as 0000-0002-1825-0097"
            raise ValueError(msg)
        expected = orcid_check_digit(bare)
        if bare[-1] != expected:
            msg = f"the check digit of {bare} should be {expected}, not {bare[-1]}: a digit is mistyped"
            raise ValueError(msg)
        return bare


def orcid_check_digit(orcid: str) -> str:
    """Return the check digit of an ORCID iD, "0" to "9" or "X".

    Source: ISO 7064 MOD 11-2, as used by ORCID.
    """
    total = 0
    for digit in orcid.replace("-", "")[:15]:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


MANIFEST = "study.yaml"
if TYPE_CHECKING:
    # A type checker cannot read the registry.
    TaskName = str
else:
    TaskName = Literal[tuple(TASKS)]
Mixing = Literal["pixel-linear", "morph", "cutmix", "latent", "audio-visual", "none", "other"]

OWN_PICTURES, ELSEWHERE = "own", "elsewhere"
"""Sources of pictures that the study lists: published with it, or not publishable."""
LISTED_PICTURES = (OWN_PICTURES, ELSEWHERE)
if TYPE_CHECKING:
    PictureSource = str
    HeldPictures = str
else:
    # Pydantic can use the registered names; a type checker needs literal ones.
    PictureSource = Literal[(*IMAGE_SETS, *LISTED_PICTURES)]
    HeldPictures = Literal[(*IMAGE_SETS, OWN_PICTURES)]
DEFAULT_CLASSES = "cifar10"
SINGLE = "none"
"""Value of `mixing` for a study of single pictures."""

_TAKEN = ("sample", "cifar10")
_NUMBER = r"(0|[1-9][0-9]*)"
_BEFORE = rf"({_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
SEMVER = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_BEFORE}(\.{_BEFORE})*)?$"
"""Version according to semver.org 2.0.0, without build metadata."""


class Stimuli(Strict):
    """What participants saw, and how it was made."""

    source: Annotated[PictureSource, Open] = Field(
        description="The endpoint pictures: an image set known to hmix-hub; `own` for those in stimuli/images.csv; or "
        "`elsewhere` for pictures listed there that may not be published."
    )
    mixing: Annotated[Mixing, Open] = Field(
        description="How pictures were mixed: `pixel-linear` is lambda * image_1 + (1 - lambda) * image_2; `none` "
        "means single pictures only."
    )
    mixing_note: Text | None = Field(
        None, description="The method in words; required unless it is pixel-linear or none."
    )
    classes: Annotated[Literal["cifar10"] | Annotated[list[Line], Field(min_length=1, max_length=10_000)], Open] = (
        Field(
            description="The class names in order, or `cifar10` for its ten; one is enough if pictures are only rated."
        )
    )

    @field_validator("classes")
    @classmethod
    def _check_classes(cls, classes: object) -> object:
        if isinstance(classes, list):
            Vocabulary(tuple(classes))
            for name in classes:
                if "/" in name or name.lower().startswith("mixed_"):
                    msg = f"{name!r} cannot be a class: a slash or the prefix mixed_ would break the ids"
                    raise ValueError(msg)
                if LIST_MARK in name or name.startswith("["):
                    msg = f"{name!r} cannot be a class: lists of classes are written a|b or as JSON [...]"
                    raise ValueError(msg)
        return classes

    @model_validator(mode="after")
    def _check_note(self) -> Stimuli:
        if self.mixing not in {PIXEL_LINEAR, SINGLE, PLACEHOLDER} and not self.mixing_note:
            msg = f"mixing_note is missing: describe what {self.mixing} means here"
            raise ValueError(msg)
        return self

    @property
    def vocabulary(self) -> Vocabulary:
        """Return the class names that labels refer to; CIFAR-10's in a draft that lists none."""
        return CIFAR10 if isinstance(self.classes, str) else Vocabulary(tuple(self.classes))


class Ethics(Strict):
    """Approval of the study, and what participants consented to."""

    approval: Text = Field(description="Board and number of the approval, or why none was needed.")
    consent: Text = Field(
        description="What participants were told and agreed to, including the publication of their answers."
    )


class Collected(Strict):
    """Months in which judgments were collected."""

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
            msg = "this is not a BibTeX entry: begin with @article{key, and close every brace"
            raise ValueError(msg)
        return bibtex

    @model_validator(mode="after")
    def _check_one(self) -> Citation:
        if self.doi is None and self.bibtex is None:
            msg = "provide a doi or a bibtex entry"
            raise ValueError(msg)
        return self


class Manifest(Strict):
    """The manifest of a study."""

    schema_version: str = Field(CURRENT, description="Version of the judgment table's schema.")
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,62}[a-z0-9]$")] = Field(
        description="Short name: lower-case letters, digits, hyphens, underscores; the prefix of every judgment_id."
    )
    title: Line = Field(description="Title, in one line.")
    version: Annotated[str, StringConstraints(pattern=SEMVER)] = Field(
        description="Version of the data, such as 1.0.0; increase it when values change."
    )
    description: Text = Field(description="Who was asked what, and why.")
    authors: Annotated[list[Author], Field(min_length=1)] = Field(description="Who created the study.")
    licence: Licence = Field(description="SPDX expression, such as CC-BY-4.0 or CC0-1.0.")
    synthetic: bool = Field(
        False, description="Whether a program generated the answers, as in a simulation or trial run."
    )
    ethics: Ethics
    recruitment: Text = Field(description="How participants were recruited and paid, and who was excluded.")
    collected: Collected
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"), Open] = Field(
        description="Language of the interface as a BCP 47 tag, such as en, de or pt-BR."
    )
    tasks: Annotated[list[TaskName], Field(min_length=1)] = Field(description="Tasks with judgments in the study.")
    stimuli: Stimuli
    soft_labels: SoftLabels | None = Field(
        None, description="For categorical_soft_labels: what was asked, and how soft labels are computed."
    )
    scales: Annotated[list[RatingScale], Field(min_length=1, max_length=100)] | None = Field(
        None, description="For scale_rating: the rating scales."
    )
    citation: Citation
    contact: Line = Field(description="E-mail address or web page for questions.")
    homepage: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = Field(
        None, description="Web page of the study."
    )

    @field_validator("version")
    @classmethod
    def _check_version(cls, version: str) -> str:
        # The version becomes a tag, and Git reserves the suffix.
        if version.endswith(".lock"):
            msg = f"{version!r} cannot be a version: Git does not allow tags that end in .lock"
            raise ValueError(msg)
        return version

    @field_validator("tasks")
    @classmethod
    def _check_tasks(cls, tasks: list[TaskName]) -> list[TaskName]:
        if len(set(tasks)) < len(tasks):
            msg = "a task is listed twice"
            raise ValueError(msg)
        return sorted(tasks, key=list(TASKS).index)

    @field_validator("scales")
    @classmethod
    def _check_scales(cls, scales: list[RatingScale] | None) -> list[RatingScale] | None:
        names = [scale.name.lower() for scale in scales or () if not is_placeholder(scale.name)]
        if len(set(names)) < len(names):
            msg = "two scales have the same name (ignoring case)"
            raise ValueError(msg)
        return scales

    @model_validator(mode="after")
    def _check_id(self) -> Manifest:
        if self.stimuli.source in LISTED_PICTURES and self.id in _TAKEN:
            msg = f"the id {self.id!r} is reserved: the study's own pictures would be confused with others"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_number_of_classes(self) -> Manifest:
        classes, choosing = self.stimuli.classes, [task for task in self.tasks if task != RATING]
        if isinstance(classes, list) and len(classes) < 2 and choosing:
            msg = f"stimuli.classes: {choosing[0]} needs at least two classes; only {RATING} may have one"
            raise ValueError(msg)
        return self

    @property
    def has_own_pictures(self) -> bool:
        """Return whether the pictures are not those of a known image set, mixed pixel by pixel."""
        return self.stimuli.source != self.image_set

    @property
    def image_set(self) -> str:
        """Return the name of the image set that indices refer to; `<id>/pictures` for the study's own.

        The name includes the mixing method unless it is pixel-linear, so that such mixtures are never drawn pixel by
        pixel.
        """
        source = self.stimuli.source
        is_linear = self.stimuli.mixing in {PIXEL_LINEAR, SINGLE}
        if is_linear and source not in LISTED_PICTURES:
            return source
        # Include the study's id, since other studies may mix the same pictures differently.
        name = f"{self.id}/{'pictures' if source in LISTED_PICTURES else source.replace('/', '-')}"
        return name if is_linear else f"{name}{METHOD_MARK}{self.stimuli.mixing}"

    @property
    def vocabulary(self) -> Vocabulary:
        """Return the class names that labels refer to."""
        return self.stimuli.vocabulary

    @property
    def asked(self) -> tuple[Question, ...] | None:
        """Return the questions of the categorical task besides the class; `None` if not stated."""
        stated = None if self.soft_labels is None else self.soft_labels.asked
        return None if stated is None or is_placeholder(stated) else tuple(stated)

    @property
    def procedure(self) -> Procedure | None:
        """Return the study's soft-label procedure; `None` if not stated."""
        stated = None if self.soft_labels is None else self.soft_labels.procedure
        return None if is_placeholder(stated) else stated

    @property
    def rated(self) -> dict[str, Scale]:
        """Return the scales by name, in the order of the manifest."""
        return {named.name: named.scale for named in self.scales or ()}
