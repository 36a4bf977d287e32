"""Wording of a study's descriptions, depending on its content: nothing mentions what was not shown or asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hmix_hub.datasets_by_name import STUDY_TAG
from hmix_hub.schema import SYNTHETIC_FLAG, Column
from hmix_hub.studies.judgment_table import procedure_of
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CONFIGURATIONS, FLAGS, TASKS
from hmix_hub.tasks.soft_labels import (
    ONE_HOT,
    PROCEDURES,
    QUESTIONS,
    Procedure,
    Question,
    asked_questions,
    unasked_columns,
)

TAGS = (STUDY_TAG, "mixup", "human-judgments", "human-uncertainty", "soft-labels")

_OF_SINGLE_PICTURES = {
    "stimulus_id": "name of the picture, which ends in its pair_id",
    "pair_id": "the picture, as <Label>_<index>",
    "image_1_label": "class of the picture",
    "image_2_label": "null: there is no second picture",
    "image_1_index": "row of the picture in the image set",
    "image_2_index": "null: there is no second picture",
    "mixing_coefficient": "1: the picture was shown unchanged",
}


@dataclass(frozen=True)
class Wording:
    """The properties of a study on which its descriptions depend."""

    is_single: bool
    """Whether all judgments are about single pictures."""
    asked: tuple[Question, ...] | None
    """What participants of the categorical task were asked besides the class; `None`: the study has no such task."""
    procedure: Procedure
    is_synthetic: bool
    """Whether the answers are simulated."""

    @classmethod
    def of(cls, study: Study) -> Wording:
        """Return the wording of a study."""
        is_single, manifest = True, study.manifest
        names = [name for name in study.configurations if name in TASKS]
        asking = [name for name in names if TASKS[name].asked_columns]
        seen: set[Question] = set()
        for name in names:
            for unit in study.units(name):
                is_single &= unit["image_2_label"].null_count == len(unit)
                if name in asking:
                    seen |= set(asked_questions(unit))
        if not asking:
            return cls(is_single, None, ONE_HOT, manifest.synthetic)
        asked = tuple(q for q in QUESTIONS if q in seen) if manifest.asked is None else manifest.asked
        return cls(is_single, asked, procedure_of(asked, manifest), manifest.synthetic)

    @property
    def pictures(self) -> str:
        """The name of what was judged, in the plural."""
        return "single images" if self.is_single else "mixed images"

    @property
    def stimulus(self) -> str:
        """The definition of a stimulus."""
        if self.is_single:
            return "A *stimulus* is a picture."
        midpoint = "in the two midpoint tasks, where a participant sees all mixtures of two pictures, it is the pair"
        return f"A *stimulus* is a mixed picture; {midpoint}."

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of the dataset; the first one is used to find published studies."""
        unfit = {"mixup"} if self.is_single else set()
        unfit |= {"soft-labels"} if self._is_hard else set()
        unfit |= {"human-judgments", "human-uncertainty"} if self.is_synthetic else set()
        return (*(tag for tag in TAGS if tag not in unfit), *([SYNTHETIC_FLAG] if self.is_synthetic else []))

    @property
    def _is_hard(self) -> bool:
        return self.asked is not None and self.procedure == ONE_HOT

    def question(self, task: str) -> str:
        """Return what the participants of a task did, as a sentence without its subject."""
        if (
            not TASKS[task].asked_columns
            or self.asked is None
            or not (self.is_single or set(self.asked) < set(QUESTIONS))
        ):
            return TASKS[task].question
        asked, picture = self.asked, "one picture" if self.is_single else "one mixture"
        if not asked:
            return f"chooses one class for {picture}"
        has_probabilities = "probabilities" in asked
        said = f"names the {'most probable ' if has_probabilities else ''}class of {picture}"
        said += " and its probability" if has_probabilities else ""
        said += ", optionally a second" if "second_class" in asked else ""
        return said + (", and rules classes out" if "impossible_classes" in asked else "")

    def row(self, name: str) -> str:
        """Return the meaning of a row of a configuration."""
        task = CONFIGURATIONS[name].task
        return CONFIGURATIONS[name].description.replace(TASKS[task].question, self.question(task))

    def protocol(self) -> str:
        """Return what was asked and how soft labels are computed; empty without the categorical task."""
        if self.asked is None:
            return ""
        questions = "; ".join(QUESTIONS[question] for question in self.asked)
        asked = f"Besides the class, participants were asked: {questions}." if questions else "Nothing else was asked."
        return f"{asked} The column soft_label follows the procedure {self.procedure}: {PROCEDURES[self.procedure]}."

    def columns(self, columns: tuple[Column, ...] | list[Column]) -> list[Column]:
        """Return columns with their meanings in this study."""
        return [self._column(column) for column in columns]

    def _column(self, column: Column) -> Column:
        name = column.name
        if self.is_single and name in _OF_SINGLE_PICTURES:
            return replace(column, meaning=_OF_SINGLE_PICTURES[name])
        if self.asked is None:
            return column
        if name in unasked_columns(self.asked):
            nothing = {"top_probability": "1", "impossible_classes": "empty"}.get(name, "null")
            return replace(column, meaning=f"{nothing}: not asked", unit="")
        made = f"computed from the answer by the procedure {self.procedure}: {PROCEDURES[self.procedure]}; sums to 1"
        meanings = {"soft_label": made}
        if "probabilities" not in self.asked:
            meanings["top_class"] = "the class that was named"
        if self._is_hard:
            meanings["mean_soft_label"] = "their mean: the share of judgments that name each class"
        unit = "" if self._is_hard and column.unit == "probability" else column.unit
        return replace(column, meaning=meanings.get(name, column.meaning), unit=unit)

    def can_have(self, flag: str) -> bool:
        """Return whether rows of this study can have a flag, given what was asked."""
        return self.asked is None or FLAGS[flag].needs in {None, *self.asked}
