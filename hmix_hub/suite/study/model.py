"""The study file as a strict model: unknown keys are errors, and all defaults are here."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from hmix_hub.errors import nearest
from hmix_hub.schema import CIFAR10, Vocabulary
from hmix_hub.studies.manifest import DEFAULT_CLASSES, HeldPictures, TaskName
from hmix_hub.studies.manifest_fields import Line, RatingScale, Strict, Text
from hmix_hub.suite.study.questions import QuestionPage, Surrounding
from hmix_hub.suite.study.recruiting import Completion, Recruiting, Session

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=100_000)]

FORMAT: Final = 1
"""Version of the study file's layout."""


class Pictures(Strict):
    """Where the endpoint pictures come from."""

    source: HeldPictures = Field(
        description="A pinned image set of hmix-hub, or `own`: stimuli/images.csv next to the study file."
    )
    classes: Literal["cifar10"] | Annotated[list[Line], Field(min_length=1, max_length=200)] = Field(
        default="cifar10",
        description="The class names in order, at most 200, or `cifar10` for its ten; one is enough if pictures are "
        "only rated.",
    )
    class_names: dict[str, Line] = Field(
        default={},
        description="Names of the classes on the pages, for studies in other languages: `cat: Katze`; the export keeps "
        "the names in `classes`.",
    )
    size: Annotated[int, Field(ge=64, le=1024)] = Field(
        320,
        description="Maximum length of the longer side on the screen, CSS pixels; smaller if the window has less room.",
    )
    scaling: Literal["whole", "smooth"] = Field(
        "whole",
        description="`whole`: sharp, square pixels, for small pictures; `smooth`: resized by the browser, for "
        "photographs.",
    )

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the class labels."""
        return CIFAR10 if self.classes == DEFAULT_CLASSES else Vocabulary(tuple(self.classes))

    @property
    def shown_names(self) -> tuple[str, ...]:
        """The names of the classes on the pages, in the vocabulary's order."""
        return tuple(self.class_names.get(name, name) for name in self.vocabulary.names)

    @model_validator(mode="after")
    def _check_class_names(self) -> Pictures:
        if not self.class_names:
            return self
        unknown = [name for name in self.class_names if name not in self.vocabulary.names]
        if unknown:
            msg = f"class_names has {unknown[0]!r}: {nearest(unknown[0], self.vocabulary.names, label='classes')}"
            raise ValueError(msg)
        if len({name.casefold() for name in self.shown_names}) < len(self.shown_names):
            msg = "class_names gives two classes the same name"
            raise ValueError(msg)
        return self


class Pairs(Strict):
    """The pairs of a task: a list, or a sampler by class pair."""

    file: Line | None = Field(
        None,
        description="CSV file next to the study file with the columns image_1_index, image_2_index (empty: a single "
        "picture) and, optionally, mixing_coefficient, batch.",
    )
    per_class_pair: Count | None = Field(None, description="Number of pairs drawn for each two different classes.")
    per_class: Count | None = Field(
        None,
        description="Number of single pictures drawn from each class and shown unmixed; only in class_choice and "
        "scale_rating.",
    )
    classes: list[Line] | None = Field(None, description="Classes to draw from (default: all).")
    coefficients_per_pair: Count = Field(1, description="Number of mixtures of each pair, in tasks that show one.")


class Start(Strict):
    """Start values of construct_midpoint."""

    values: Annotated[list[Share], Field(min_length=1, max_length=11)] = Field(
        default=[0.1, 0.9], description="Mixing coefficients of the first picture, in tenths."
    )
    vary: Literal["between", "within"] = Field(
        default="between",
        description="`between`: one value per participant; `within`: every participant sees all values, shuffled.",
    )


class NamedPictures(Strict):
    """Two pictures that the study file names, or a single one."""

    image_1_index: Annotated[int, Field(ge=0)] = Field(description="Row of the first picture in the image set.")
    image_2_index: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Row of the second picture; if omitted, the first one is shown unmixed."
    )


class Example(NamedPictures):
    """A worked example on an instruction page: mixtures of one pair, and a text about them."""

    coefficients: Annotated[list[Share], Field(min_length=1, max_length=11)] = Field(
        [1.0], description="Shares of the first picture, one for each mixture."
    )
    text: Text = Field(description="Text below the mixtures.")


class Page(Strict):
    """An instruction page."""

    text: Text = Field(description="The page's text.")
    examples: list[Example] = Field([], description="Worked examples below the text.")


class Question(Strict):
    """A question of the comprehension quiz, with one correct choice."""

    question: Text = Field(description="A question about the instructions.")
    choices: Annotated[list[Line], Field(min_length=2, max_length=10)] = Field(description="Possible answers.")
    answer: Annotated[int, Field(ge=1, description="Number of the correct choice, from 1.")]


class Quiz(Strict):
    """The comprehension quiz; participants who fail read the instructions again."""

    questions: Annotated[list[Question], Field(min_length=1)]
    attempts: Annotated[int, Field(ge=1, le=20)] | None = Field(
        None, description="Number of failures after which the session ends (default: no limit)."
    )


class PracticeTrial(NamedPictures):
    """A practice trial: answered like the others, never stored, and followed by a text."""

    coefficient: Share | None = Field(
        None, description="Share of the first picture, if the task shows one mixture of a pair."
    )
    feedback: Text = Field(description="Text shown after the answer.")


class Breaks(Strict):
    """Breaks between the trials."""

    every: Count = Field(description="Number of trials between two breaks.")
    text: Line | None = Field(
        None, description="Text of the break (default: the progress so far, and an invitation to rest)."
    )


class Sitting(Strict):
    """Several tasks that each participant is asked, one after the other."""

    tasks: Annotated[list[Line], Field(min_length=2)] = Field(description="Names of all the study's tasks, in order.")
    order: Literal["fixed", "balanced"] = Field(
        "fixed",
        description="`fixed`: the same order for all; `balanced`: each task is equally often first, second, …, and "
        "equally often directly before each other task.",
    )

    def orders(self) -> list[list[str]]:
        """Return the orders that are assigned to participants in turn.

        There are as many orders as tasks for an even number of tasks, and twice as many for an odd one. The first two
        tasks determine an order.

        Source: E. J. Williams, *Experimental designs balanced for the estimation of residual effects of treatments*,
        Australian Journal of Scientific Research A 2, 1949.
        """
        if self.order == "fixed":
            return [list(self.tasks)]
        number = len(self.tasks)
        # 0, 1, n-1, 2, n-2, …: neighbours differ by each number except 0 exactly once.
        first = [place // 2 + 1 if place % 2 else -(place // 2) for place in range(number)]
        rows = [[self.tasks[(place + turn) % number] for place in first] for turn in range(number)]
        return rows if number % 2 == 0 else [*rows, *(row[::-1] for row in rows)]


class TaskDesign(Strict):
    """The design of one task."""

    question: Line = Field(description="The question shown with every picture.")
    instructions: Annotated[list[Page], Field(min_length=1)]
    quiz: Quiz | None = None
    practice: Annotated[list[PracticeTrial], Field(max_length=50)] = Field(
        [], description="Practice trials before the first real trial."
    )
    breaks: Breaks | None = None
    pairs: Pairs
    coefficients: list[Share] = Field(
        [],
        description="Mixing coefficients, with at most four decimals, of tasks that show one mixture; the midpoint "
        "tasks show all eleven.",
    )
    batch_size: Count = Field(description="Number of different stimuli in a batch, not counting repeats.")
    batches: Count | None = Field(None, description="Number of batches (default: as many as the pairs fill).")
    people_per_batch: Count = Field(description="Number of participants wanted for each batch; then it is closed.")
    repeats: list[int] = Field(
        [], description="Places in a participant's shuffled order, from 1, that are shown again at the end."
    )
    sides: Literal["fixed", "counterbalanced"] = Field(
        "fixed",
        description="`fixed`: image 1 is on the left; `counterbalanced`: on the left for half of the participants, on "
        "the right for the others.",
    )
    start: Start = Start()
    class_order: Literal["fixed", "shuffled"] = Field(
        "fixed",
        description="categorical_soft_labels, class_choice: classes in the vocabulary's order, or shuffled for each "
        "participant.",
    )
    must_touch: bool = Field(
        True,
        description="construct_midpoint, infer_mixing_factor, class_choice, scale_rating: whether the picture must be "
        "moved, and sliders moved or pressed, before continuing. If not, an untouched confidence is exported as empty, "
        "an untouched coefficient as 0.5, an untouched rating as the slider's middle, and an untouched picture has a "
        "path with one entry. The other tasks always require a choice.",
    )
    confidence: bool = Field(False, description="class_choice: whether a slider asks for the participant's confidence.")
    scales: Annotated[list[RatingScale], Field(max_length=12)] = Field(
        [],
        description="scale_rating: the scales, all shown with every picture; the rating on each is a separate row.",
    )


class Consent(Strict):
    """The consent form."""

    version: Line = Field(description="Version, stored with each agreement; change it when the text changes.")
    text: Text = Field(description="What participants agree to, including the publication of their answers.")

    @property
    def sha256(self) -> str:
        """Hash of the form, version and text, 64 hex digits."""
        return hashlib.sha256(f"{self.version}\n{self.text}".encode()).hexdigest()


class Author(Strict):
    """An author, as in study.yaml."""

    name: Line = Field(description="Name, as it should be cited.")
    orcid: Line | None = Field(default=None, description="ORCID, such as 0000-0002-1825-0097.")
    affiliation: Line | None = Field(default=None, description="Where the author works.")


class About(Strict):
    """Content of the export's study.yaml, which makes the export a valid contribution."""

    description: Text = Field(description="What participants are asked, and why.")
    authors: Annotated[list[Author], Field(min_length=1)]
    licence: Line = Field(description="Licence of the answers, SPDX: CC-BY-4.0, CC0-1.0, …")
    approval: Text = Field(description="Body and number of the ethics approval, or why none is needed.")
    recruitment: Text = Field(description="How participants are recruited and paid; who is excluded.")
    contact: Line = Field(description="Email address or page for questions.")
    doi: Line | None = Field(default=None, description="DOI of a paper, without https://doi.org/.")
    bibtex: Text | None = Field(default=None, description="BibTeX entry; generated if there is neither this nor a DOI.")
    homepage: Line | None = Field(default=None, description="Website of the study.")


def _layout(given: object) -> object:
    return FORMAT if given == str(FORMAT) else given


class StudyFile(Strict):
    """A study to collect."""

    format: Annotated[Literal[1], BeforeValidator(_layout)] = Field(
        default=FORMAT, description="Version of the study file's layout."
    )
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,62}[a-z0-9]$")] = Field(
        description="Short name: lower case, digits, hyphens; the prefix of every id in the export."
    )
    title: Line = Field(description="Title, shown above every page.")
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = Field(
        default="en", description="Language of the texts, BCP 47: en, de, pt-BR."
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        0, description="Seed that determines pairs, batches and orders."
    )
    about: About
    pictures: Pictures
    consent: Consent
    tasks: Annotated[dict[TaskName, TaskDesign], Field(min_length=1)]
    sitting: Sitting | None = Field(None, description="Gives every participant all tasks (default: one of them).")
    before: list[QuestionPage] = Field([], description="Pages of questions before the instructions.")
    after: list[QuestionPage] = Field([], description="Pages of questions after the last picture, as `before`.")
    attention_failures: Annotated[int, Field(ge=0, le=100)] = Field(
        0, description="Number of attention checks that may be failed; rows of participants who fail more get a flag."
    )
    surroundings: list[Surrounding] = Field(
        [],
        description="What is stored about participants' screens and attention; the consent form must mention each in "
        "the words `recorded_…`.",
    )
    comments: Line | None = Field(None, description="Question on a page for optional comments (default: no page).")
    session: Session = Session()
    completion: Completion = Completion()
    recruiting: Recruiting = Recruiting()
    words: dict[str, Line] = Field({}, description="Texts of the interface in the study's language, by name.")
