"""A small study, people who answer, and clocks that a test moves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.store.writer import Times
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.tasks.trial import Stimulus

MINUTE = 60.0
HOUR = 3600.0


def frozen_study(
    *quotas: int, stimuli: int = 3, attempts: int | None = 2, code: str | None = None, quiz: bool = False
) -> FrozenStudy:
    """Make a study of one task with a batch for each quota; with a quiz, places count once it is passed."""
    study = StudyFile.model_validate(
        {
            "id": "small-study",
            "title": "A small study",
            "about": {
                "description": "What it is.",
                "authors": [{"name": "A. Uthor"}],
                "licence": "CC-BY-4.0",
                "approval": "none needed",
                "recruitment": "friends",
                "contact": "a@example.org",
            },
            "pictures": {"source": "sample/pictures"},
            "consent": {"version": "1", "text": "I agree."},
            "tasks": {
                "infer_mixing_factor": {
                    "question": "Which share?",
                    "instructions": [{"text": "Look."}],
                    "quiz": {
                        "questions": [{"question": "1?", "choices": ["a", "b"], "answer": 1}],
                        "attempts": attempts,
                    }
                    if quiz
                    else None,
                    "pairs": {"per_class_pair": 1},
                    "coefficients": [0.5],
                    "batch_size": stimuli,
                    "people_per_batch": quotas[0],
                    "repeats": [1],
                }
            },
            "comments": "Anything else?",
            "completion": {"code": code},
            "session": {"timeout_minutes": 60, "resume_hours": 24},
        }
    )
    shown = tuple(Stimulus(place, place + 1, 0, 1, 0.5) for place in range(stimuli))
    batches = tuple(Batch(number, "infer_mixing_factor", number, quota, shown) for number, quota in enumerate(quotas))
    return FrozenStudy(study, batches, "sample/pictures", "0" * 16)


@dataclass
class Clocks:
    """Clocks that stand still until a test moves them, seconds."""

    wall: float = 1_780_000_000.0
    elapsed: float = 0.0
    times: Times = field(init=False)

    def __post_init__(self) -> None:
        self.times = Times(wall=lambda: self.wall, elapsed=lambda: self.elapsed)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.elapsed += seconds


def token(name: object) -> bytes:
    return hashlib.sha256(str(name).encode()).digest()


def join(store: Store, name: object, recruiting: str | None = None, task: str | None = None) -> SessionRecord:
    return store.join(token(name), recruiting_hash=recruiting, task=task).result(30)


def answer(share: int = 37) -> str:
    return json.dumps({"response_time_ms": 812.5, "pictures": ["ab"], "answer": {"share": share}})


def answer_all(store: Store, session: SessionRecord, share: int = 37) -> None:
    for waiting in [
        store.put_trial(session.id, trial.trial_index, answer(share), fault=None) for trial in session.plan.trials
    ]:
        waiting.result(30)


def take_part(store: Store, name: object) -> SessionRecord:
    session = join(store, name)
    answer_all(store, session)
    assert store.finish(session.id).result(30) == []
    return session
