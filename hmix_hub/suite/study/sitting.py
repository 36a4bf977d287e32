"""The study file's parts on what surrounds the trials of a task: practice, breaks, and other tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hmix_hub.studies.manifest import TaskName
from hmix_hub.studies.manifest_fields import Line, Strict, Text


class PracticeTrial(Strict):
    """A practice trial: answered as all others are, never stored, and followed by a text."""

    image_1_index: Annotated[int, Field(ge=0)] = Field(description="Row of the first picture in the image set.")
    image_2_index: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Row of the second picture; left out: the first one is shown as it is."
    )
    coefficient: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Share of the first picture, where the task shows one mixture of a pair."
    )
    feedback: Text = Field(description="What people read once they have answered.")


class Breaks(Strict):
    """Breaks between the trials."""

    every: Annotated[int, Field(ge=1, le=100_000)] = Field(description="Trials between two breaks.")
    text: Line | None = Field(
        None, description="What people read then; how far they are and that they may rest, if left out."
    )


class Sitting(Strict):
    """Several tasks that each person is asked one after the other."""

    tasks: Annotated[list[TaskName], Field(min_length=2)] = Field(
        description="The tasks of the study, all of them, in their order."
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
