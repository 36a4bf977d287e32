"""The study file as a strict model: every key is known, every default is written down here."""

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
"""Version of the study file's own layout."""


class Pictures(Strict):
    """Where the endpoint pictures come from."""

    source: HeldPictures = Field(
        description="A pinned set that hmix-hub knows, or `own`: stimuli/images.csv beside the study file."
    )
    classes: Literal["cifar10"] | Annotated[list[Line], Field(min_length=1, max_length=200)] = Field(
        default="cifar10",
        description="The class names in order, 200 at most, or `cifar10` for its ten; one is enough where pictures are "
        "only rated.",
    )
    class_names: dict[str, Line] = Field(
        default={},
        description="What pages call the classes, by their names, for studies in another language: "
        "`cat: Katze`; the export keeps the names of `classes`.",
    )
    size: Annotated[int, Field(ge=64, le=1024)] = Field(
        320, description="Longer side on the screen at most, CSS pixels; smaller where not everything fits the window."
    )
    scaling: Literal["whole", "smooth"] = Field(
        "whole",
        description="`whole`: each pixel becomes a square of equal size, for small pictures; `smooth`: resized by the "
        "browser, for photographs.",
    )

    @property
    def vocabulary(self) -> Vocabulary:
        """The class names that labels count in."""
        return CIFAR10 if self.classes == DEFAULT_CLASSES else Vocabulary(tuple(self.classes))

    @property
    def shown_names(self) -> tuple[str, ...]:
        """What pages call the classes, in the vocabulary's order."""
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
            msg = "class_names gives two classes one name"
            raise ValueError(msg)
        return self


class Pairs(Strict):
    """The pairs of a task: a list, or a sampler by class pair."""

    file: Line | None = Field(
        None,
        description="CSV beside the study file: image_1_index, image_2_index (empty: a single picture); perhaps "
        "mixing_coefficient, batch.",
    )
    per_class_pair: Count | None = Field(None, description="Pairs drawn of each two different classes.")
    per_class: Count | None = Field(
        None,
        description="Single pictures drawn of each class and shown as they are, in tasks that may show them: "
        "class_choice, scale_rating.",
    )
    classes: list[Line] | None = Field(None, description="Classes to draw from; all, if left out.")
    coefficients_per_pair: Count = Field(1, description="Mixtures of one pair, where one mixture is shown.")


class Start(Strict):
    """Start values of construct_midpoint."""

    values: Annotated[list[Share], Field(min_length=1, max_length=11)] = Field(
        default=[0.1, 0.9], description="Coefficients of the first picture, in tenths."
    )
    vary: Literal["between", "within"] = Field(
        default="between",
        description="`between` people: one value a person; `within`: in turn, shuffled, for each person.",
    )


class NamedPictures(Strict):
    """Two pictures that the study file names, or a single one."""

    image_1_index: Annotated[int, Field(ge=0)] = Field(description="Row of the first picture in the image set.")
    image_2_index: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Row of the second picture; left out: the first one is shown as it is."
    )


class Example(NamedPictures):
    """A worked example on an instruction page: pictures of one pair, and what they show."""

    coefficients: Annotated[list[Share], Field(min_length=1, max_length=11)] = Field(
        [1.0], description="Shares of the first picture, one mixture each."
    )
    text: Text = Field(description="What the mixtures show; stands below them.")


class Page(Strict):
    """An instruction page."""

    text: Text = Field(description="The page's text.")
    examples: list[Example] = Field([], description="Worked examples below the text.")


class Question(Strict):
    """A question of the comprehension quiz, one choice of which is right."""

    question: Text = Field(description="A question about the instructions.")
    choices: Annotated[list[Line], Field(min_length=2, max_length=10)] = Field(description="What may be answered.")
    answer: Annotated[int, Field(ge=1, description="Number of the right choice, from 1.")]


class Quiz(Strict):
    """The comprehension quiz; who fails reads the instructions again."""

    questions: Annotated[list[Question], Field(min_length=1)]
    attempts: Annotated[int, Field(ge=1, le=20)] | None = Field(
        None, description="After so many failures the session ends; no limit, if left out."
    )


class PracticeTrial(NamedPictures):
    """A practice trial: answered as all others are, never stored, and followed by a text."""

    coefficient: Share | None = Field(
        None, description="Share of the first picture, where the task shows one mixture of a pair."
    )
    feedback: Text = Field(description="What people read once they have answered.")


class Breaks(Strict):
    """Breaks between the trials."""

    every: Count = Field(description="Trials between two breaks.")
    text: Line | None = Field(
        None, description="What people read then; how far they are and that they may rest, if left out."
    )


class Sitting(Strict):
    """Several tasks that each person is asked one after the other."""

    tasks: Annotated[list[Line], Field(min_length=2)] = Field(
        description="Names of the study's tasks, all of them, in their order."
    )
    order: Literal["fixed", "balanced"] = Field(
        "fixed",
        description="`fixed`: the same for all; `balanced`: each task as often first, second, … and as often right "
        "before each other one.",
    )

    def orders(self) -> list[list[str]]:
        """Return the orders that people are given in turn.

        Of an even number of tasks as many orders, of an odd number twice as many. The first two tasks tell an order.

        Source: E. J. Williams, *Experimental designs balanced for the estimation of residual effects of treatments*,
        Australian Journal of Scientific Research A 2, 1949.
        """
        if self.order == "fixed":
            return [list(self.tasks)]
        number = len(self.tasks)
        # 0, 1, n-1, 2, n-2, …: neighbours differ by each number but 0 once.
        first = [place // 2 + 1 if place % 2 else -(place // 2) for place in range(number)]
        rows = [[self.tasks[(place + turn) % number] for place in first] for turn in range(number)]
        return rows if number % 2 == 0 else [*rows, *(row[::-1] for row in rows)]


class TaskDesign(Strict):
    """What one task shows to whom."""

    question: Line = Field(description="What is asked beside every picture; the framing is the study's.")
    instructions: Annotated[list[Page], Field(min_length=1)]
    quiz: Quiz | None = None
    practice: Annotated[list[PracticeTrial], Field(max_length=50)] = Field(
        [], description="Practice trials before the first one that counts."
    )
    breaks: Breaks | None = None
    pairs: Pairs
    coefficients: list[Share] = Field(
        [],
        description="Mixing coefficients of the tasks that show one mixture, with at most four decimals; the midpoint "
        "tasks show all eleven.",
    )
    batch_size: Count = Field(description="Different stimuli of a batch; repeats come on top.")
    batches: Count | None = Field(None, description="How many batches; as many as the pairs fill, if left out.")
    people_per_batch: Count = Field(description="People wanted for each batch; then it is closed.")
    repeats: list[int] = Field(
        [], description="Places in the person's shuffled order, from 1, that are shown again at the end."
    )
    sides: Literal["fixed", "counterbalanced"] = Field(
        "fixed", description="`fixed`: image 1 stands left; `counterbalanced`: on either side for half of the people."
    )
    start: Start = Start()
    class_order: Literal["fixed", "shuffled"] = Field(
        "fixed",
        description="categorical_soft_labels, class_choice: classes in the vocabulary's order, or shuffled by person.",
    )
    must_touch: bool = Field(
        True,
        description="construct_midpoint, infer_mixing_factor, class_choice, scale_rating: whether the picture must be "
        "moved, and sliders be moved or pressed, before going on; where they need not be, an untouched confidence is "
        "exported as empty, an untouched coefficient as 0.5, an untouched rating as the slider's middle, and a path "
        "of one entry is an untouched picture. The other tasks always need a choice.",
    )
    confidence: bool = Field(False, description="class_choice: whether a slider asks how sure people are.")
    scales: Annotated[list[RatingScale], Field(max_length=12)] = Field(
        [],
        description="scale_rating: the scales, all of which stand beside every picture; each becomes a row of its own.",
    )


class Consent(Strict):
    """The consent form."""

    version: Line = Field(description="Changes with the text; stored with each agreement.")
    text: Text = Field(description="What people agree to, publication of their answers included.")

    @property
    def sha256(self) -> str:
        """Hash of the form, version and text, 64 hex digits."""
        return hashlib.sha256(f"{self.version}\n{self.text}".encode()).hexdigest()


class Author(Strict):
    """An author, as study.yaml has them."""

    name: Line = Field(description="Name, as it is to be cited.")
    orcid: Line | None = Field(default=None, description="ORCID, 0000-0002-1825-0097.")
    affiliation: Line | None = Field(default=None, description="Where the author works.")


class About(Strict):
    """What the export's study.yaml says, so that it is a valid contribution as it is."""

    description: Text = Field(description="What is asked of whom, and why.")
    authors: Annotated[list[Author], Field(min_length=1)]
    licence: Line = Field(description="Of the answers, SPDX: CC-BY-4.0, CC0-1.0, …")
    approval: Text = Field(description="Body and number of the ethics approval, or why none is needed.")
    recruitment: Text = Field(description="How people are found and paid; who is excluded.")
    contact: Line = Field(description="Address or page of those who answer questions.")
    doi: Line | None = Field(default=None, description="DOI of a paper, without https://doi.org/.")
    bibtex: Text | None = Field(default=None, description="BibTeX entry; one is made, if there is neither.")
    homepage: Line | None = Field(default=None, description="Page of the study.")


def _layout(given: object) -> object:
    return FORMAT if given == str(FORMAT) else given


class StudyFile(Strict):
    """A study to collect."""

    format: Annotated[Literal[1], BeforeValidator(_layout)] = Field(
        default=FORMAT, description="Version of the study file's layout."
    )
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,62}[a-z0-9]$")] = Field(
        description="Short name: lower case, digits, hyphens; begins every id of the export."
    )
    title: Line = Field(description="What people read above every page.")
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = Field(
        default="en", description="Language of the texts, BCP 47: en, de, pt-BR."
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(0, description="Decides pairs, batches and orders.")
    about: About
    pictures: Pictures
    consent: Consent
    tasks: Annotated[dict[TaskName, TaskDesign], Field(min_length=1)]
    sitting: Sitting | None = Field(
        None, description="Whether each person is asked all tasks; one of them, if left out."
    )
    before: list[QuestionPage] = Field([], description="Pages of questions before the instructions.")
    after: list[QuestionPage] = Field([], description="Pages of questions after the last picture, as `before`.")
    attention_failures: Annotated[int, Field(ge=0, le=100)] = Field(
        0, description="Attention checks that a person may fail; the rows of those who fail more get a flag."
    )
    surroundings: list[Surrounding] = Field(
        [],
        description="What is stored of people's surroundings; the consent form has to name each in the words "
        "`recorded_…`.",
    )
    comments: Line | None = Field(None, description="Question of the optional comments; no such page, if left out.")
    session: Session = Session()
    completion: Completion = Completion()
    recruiting: Recruiting = Recruiting()
    words: dict[str, Line] = Field({}, description="The interface's own words in the study's language, by name.")
