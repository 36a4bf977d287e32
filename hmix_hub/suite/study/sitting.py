"""The study file's parts on what happens around the trials of a task: practice, and breaks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

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
