"""Answers as the server checks them, in the middle of a session."""

from __future__ import annotations

from typing import Any

from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import FaultError, Trial
from suite_maker.studies import frozen_study

TRIAL = Trial(4, 0, False, class_order=(2, 0, 1))
_ELAPSED = 900.0


def fault_of(task: str, answer: object, **design: Any) -> str | None:
    """Return the fault of an answer to `TRIAL`; None where it has none."""
    frozen = frozen_study(task, design=design)
    try:
        SUITE_TASKS[task].check(answer, TRIAL, frozen.design_of(frozen.batches[0]), _ELAPSED)
    except FaultError as fault:
        return str(fault)
    return None
