"""Questions of the categorical task, and procedures that make a soft label of the answers: two closed vocabularies."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

Question = Literal["probabilities", "second_class", "impossible_classes"]
Procedure = Literal["released", "cifar10s", "one_hot"]

QUESTIONS: dict[Question, str] = {
    "probabilities": "how probable each named class is",
    "second_class": "the second most probable class, or that there is none",
    "impossible_classes": "which classes it cannot be",
}
"""What a participant may have been asked besides the most probable class, which always is."""

PROCEDURES: dict[Procedure, str] = {
    "released": "the procedure of the H-Mix release",
    "cifar10s": "the published top-2 clamp of CIFAR-10S",
    "one_hot": "1 for the top class, 0 for every other",
}
"""How a soft label is made of an answer; `hmix_hub.judgments.soft_labels` states each as a formula."""
ONE_HOT: Procedure = "one_hot"
DEFAULT_PROCEDURE: Procedure = "released"


def usual_procedure(asked: Collection[Question]) -> Procedure:
    """Return the procedure of a study that names none.

    Where one class was chosen and nothing else was asked, no answer says that any probability lies on another class.
    """
    return DEFAULT_PROCEDURE if asked else ONE_HOT
