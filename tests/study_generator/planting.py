"""Register of planters: for each rule, what puts one defect of it at a random place of a valid study."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from study_generator.study import Study

Plant = Callable[[Study, random.Random], "list[int] | None"]
TEXTS = ("csv", "csv.gz", "jsonl", "jsonl.gz")
TABLES = ("csv", "csv.gz")


@dataclass(frozen=True)
class Planter:
    """What plants a defect, and what the study must be for it.

    `plant` changes the study, and gives the rows that the finding must name; `None`: it is of no row. `needs` are
    options of the strategy of studies, `options` those of the check, `examples` how many studies are tried.
    """

    plant: Plant
    needs: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    examples: int = 3


PLANTERS: dict[str, Planter] = {}
"""Planters by the rule's code."""


def plants(
    code: str, *, options: dict[str, Any] | None = None, examples: int = 3, **needs: Any
) -> Callable[[Plant], Plant]:
    """Register a planter."""

    def register(plant: Plant) -> Plant:
        # Mixtures of pixels, since other ones have fewer rules.
        # How answers came about contradicts an answer that is changed: rules of that have planters of their own.
        wanted = {"is_plain": True, "mixings": ("pixel-linear",), "is_recorded": False, "asks_all": True} | needs
        PLANTERS[code] = Planter(plant, wanted, options or {}, examples)
        return plant

    return register


def some_row(study: Study, rng: random.Random, where: Callable[[dict[str, Any]], bool] = bool) -> int:
    """Return the number of a random row that fits; without one, the example is of no use."""
    from hypothesis import assume

    fitting = [number for number, row in enumerate(study.rows) if where(row)]
    assume(fitting)
    return rng.choice(fitting)


def is_pair(row: dict[str, Any]) -> bool:
    """Return whether a row shows two pictures."""
    return row["image_2_index"] is not None
