"""All planters, by the code of their rule."""

from __future__ import annotations

from study_generator import (
    plant_files,
    plant_privacy,
    plant_recorded,
    plant_scales,
    plant_stimuli,
    plant_trials,
    plant_values,
    plant_votes,
)
from study_generator.planting import PLANTERS

__all__ = [
    "PLANTERS",
    "plant_files",
    "plant_privacy",
    "plant_recorded",
    "plant_scales",
    "plant_stimuli",
    "plant_trials",
    "plant_values",
    "plant_votes",
]
