"""Collections made in tests: studies of all tasks over the sample's pictures, and answers to their trials."""

from suite_maker.answers import answer_to, chance, construct_path
from suite_maker.asking import Asker, Person, Reply, run_apart
from suite_maker.checking import TRIAL, fault_of
from suite_maker.studies import SCALES, TASKS, frozen_study, own_design, rows_of_a_trial, sample_pictures, study_content

__all__ = [
    "SCALES",
    "TASKS",
    "TRIAL",
    "Asker",
    "Person",
    "Reply",
    "answer_to",
    "chance",
    "construct_path",
    "fault_of",
    "frozen_study",
    "own_design",
    "rows_of_a_trial",
    "run_apart",
    "sample_pictures",
    "study_content",
]
