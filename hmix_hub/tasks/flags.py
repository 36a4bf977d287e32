"""Flags that rows of every task can have."""

from __future__ import annotations

from hmix_hub.schema.judgment import SYNTHETIC_FLAG
from hmix_hub.tasks.task import Flag

STRAIGHTLINING_TENTHS = 9
"""Tenths of a person's answers in a task that are the same, from which the person is straightlining."""
STRAIGHTLINING_MINIMUM = 10
"""Fewest answers of a person in a task that a pattern is seen in."""

REPEATED_IN_BATCH = Flag("repeated_in_batch", "the person saw the stimulus before, and no repeat was intended")
STRAIGHTLINING = Flag(
    "straightlining",
    f"{STRAIGHTLINING_TENTHS}0% or more of the person's answers in the task are one and the same "
    f"(people with {STRAIGHTLINING_MINIMUM} answers or more)",
)
SYNTHETIC = Flag(SYNTHETIC_FLAG, "the answer was made by a program, not by a participant")
