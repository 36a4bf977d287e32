"""Collections made in tests: studies of all four tasks over the sample's pictures, and answers to their trials."""

from suite_maker.answers import answer_to, chance, construct_path
from suite_maker.asking import Asker, Person, Reply
from suite_maker.studies import TASKS, frozen_study, own_design, sample_pictures, study_content

__all__ = [
    "TASKS",
    "Asker",
    "Person",
    "Reply",
    "answer_to",
    "chance",
    "construct_path",
    "frozen_study",
    "own_design",
    "sample_pictures",
    "study_content",
]
