"""A trial: the stimulus, what its page shows, and the field-by-field check of the answer that a browser sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from hmix_hub.tasks.midpoint import WALK

Side = Literal["left", "right"]

STEPS = len(WALK)
"""Number of mixtures of a pair in tasks that show all of them: step s has the coefficient s / 10."""
MOST_STEPS = 1500
"""Maximum number of entries of a path."""
_ROUNDING_MS = 1.0
"""How much longer than the response time a path may be, since browsers round both."""
_DECIMALS = 1


@dataclass(frozen=True)
class Stimulus:
    """A pair of pictures, one mixture of them, or a single picture.

    Parameters
    ----------
    image_1_index, image_2_index
        Rows of the image set; `None` for the second of a single picture.
    image_1_label, image_2_label
        Codes in the study's vocabulary; label 1 precedes label 2 in the alphabet, as in the release.
    mixing_coefficient
        Share of image 1, 0 to 1; 1 for a single picture; `None` if all eleven mixtures are shown.
    """

    image_1_index: int
    image_2_index: int | None
    image_1_label: int
    image_2_label: int | None
    mixing_coefficient: float | None = None


@dataclass(frozen=True)
class Trial:
    """A trial of one participant.

    Parameters
    ----------
    trial_index
        Position on the timeline.
    stimulus
        Position in the batch.
    is_repeat
        Whether it is a deliberate repeat.
    image_1_side
        Tasks with the option `sides`: the side of the page on which image 1 is.
    start_step
        Tasks with the option `start`: step of the first picture, 0 to 10, in tenths of image 1.
    grid_steps
        Tasks with a grid: the eleven steps in the order of the grid, row by row.
    class_order
        Tasks with the option `class_order`: class codes in the order of the page.
    """

    trial_index: int
    stimulus: int
    is_repeat: bool
    image_1_side: Side | None = None
    start_step: int | None = None
    grid_steps: tuple[int, ...] | None = None
    class_order: tuple[int, ...] | None = None

    def step_at(self, position: int) -> int:
        """Return the step at a position of a row of pictures, 0 (far left) to 10 (far right)."""
        return STEPS - 1 - position if self.image_1_side == "left" else position

    def position_of(self, step: int) -> int:
        """Return the position, 0 (far left) to 10 (far right), at which a row of pictures shows a step."""
        return self.step_at(step)


class FaultError(Exception):
    """What is wrong with an answer; the message quotes nothing that was sent."""


def refuse(fault: str) -> NoReturn:
    """Raise `FaultError`."""
    raise FaultError(fault)


def read_fields(value: object, name: str, *fields: str) -> dict[str, Any]:
    """Check that a value is an object with exactly these fields."""
    if not isinstance(value, dict):
        refuse(f"{name} is not an object")
    if missing := [field for field in fields if field not in value]:
        refuse(f"{name} lacks {missing[0]}")
    if len(value) > len(fields):
        refuse(f"{name} has fields other than {', '.join(fields)}")
    return value


def read_number(value: object, name: str, most: float) -> float:
    """Check that a value is a number from 0 to `most`."""
    # Comparisons with NaN are false, and comparisons with huge integers do not overflow.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        refuse(f"{name} is not a number from 0 to {most}")
    return float(value)


def read_whole(value: object, name: str, most: int) -> int:
    """Check that a value is a whole number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        refuse(f"{name} is not a whole number from 0 to {most}")
    return value


def read_path(value: object, name: str, elapsed: float, most: int) -> list[tuple[float, int]]:
    """Check that a value is a path: entries [ms, value] with times that never decrease and end within the trial."""
    if not isinstance(value, list) or len(value) > MOST_STEPS:
        refuse(f"{name} is not a list of at most {MOST_STEPS} entries")
    path: list[tuple[float, int]] = []
    before = 0.0
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            refuse(f"an entry of {name} is not a time and a value")
        at = read_number(entry[0], f"a time of {name}", elapsed + _ROUNDING_MS)
        if at < before:
            refuse(f"the times of {name} decrease")
        path.append((at, read_whole(entry[1], f"a value of {name}", most)))
        before = at
    return path


def read_slider(
    given: Mapping[str, Any], name: str, *, is_touched: object, must_touch: bool, elapsed: float, most: int
) -> None:
    """Check a slider's value, a whole number from 0 to `most`, and `<name>_path`; an untouched slider has neither."""
    if not isinstance(is_touched, bool):
        refuse("touched is not true or false")
    path = read_path(given[f"{name}_path"], f"{name}_path", elapsed, most)
    if is_touched:
        value = read_whole(given[name], name, most)
        if not path or path[-1][1] != value:
            refuse(f"{name}_path does not end at {name}")
    elif must_touch:
        refuse(f"{name} was not touched, but the study requires it")
    elif given[name] is not None or path:
        refuse(f"{name} has a value but was not touched")


def milliseconds(time: float) -> float:
    """Return a time as it is exported: milliseconds, rounded to a tenth."""
    return round(float(time), _DECIMALS)


def times_of(path: Sequence[Sequence[float]]) -> list[float]:
    """Return the times of a path as they are exported."""
    return [milliseconds(time) for time, _ in path]
