"""Quality flags: what may be wrong with a judgment, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmix_hub.schema.tasks import CATEGORICAL, CONSTRUCT, INFER, TASKS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


@dataclass(frozen=True)
class Flag:
    """A quality flag.

    Parameters
    ----------
    name
        Its name in the column `flags`.
    meaning
        When a row has it.
    tasks
        Tasks whose rows can have it.
    """

    name: str
    meaning: str
    tasks: tuple[str, ...]


STRAIGHTLINING_TENTHS = 9
"""Tenths of a person's answers in a task that are the same, from which the person is straightlining."""
STRAIGHTLINING_MINIMUM = 10
"""Fewest answers of a person in a task that a pattern is seen in."""
SYNTHETIC_FLAG = "synthetic"
"""The flag that a study assigns to all of its rows or to none; it survives joins, filters and files."""

FLAGS: dict[str, Flag] = {
    flag.name: flag
    for flag in (
        Flag(
            "endpoint_not_shown",
            "the answer is 0 or 1, which the released interface stored but could not draw: .1 or .9 stayed on screen",
            (CONSTRUCT,),
        ),
        Flag(
            "untouched_sliders",
            "the slider of the inferred coefficient is known not to have been touched; or both sliders stand at their "
            "start, 50, and it is not known that either was touched",
            (INFER,),
        ),
        Flag("repeated_in_batch", "the person saw the stimulus before, and no repeat was intended", tuple(TASKS)),
        Flag(
            "straightlining",
            f"{STRAIGHTLINING_TENTHS}0% or more of the person's answers in the task are one and the same "
            f"(people with {STRAIGHTLINING_MINIMUM} answers or more)",
            tuple(TASKS),
        ),
        Flag("ruled_out_choice", "a chosen class is also ruled out", (CATEGORICAL,)),
        Flag("same_class_twice", "both answers name the same class; the second probability counts", (CATEGORICAL,)),
        Flag(
            "ignored_probability",
            'a second probability was given although the answer was "no alternative"; it is dropped',
            (CATEGORICAL,),
        ),
        Flag("probabilities_exceed_one", "the two probabilities exceed 1 together", (CATEGORICAL,)),
        # Last, so that the places of the others in tensors stay.
        Flag(SYNTHETIC_FLAG, "the answer was made by a program, not by a participant", tuple(TASKS)),
    )
}


def flags_of(task: str) -> tuple[str, ...]:
    """Return the names of the flags that rows of a task can have, in the order in which a row lists them."""
    return tuple(flag.name for flag in FLAGS.values() if task in flag.tasks)


def has_flag(flags: pa.ChunkedArray | pa.Array, name: str) -> npt.NDArray[np.bool_]:
    """Return which of N rows carry a flag; bool (N,).

    Parameters
    ----------
    flags
        The column `flags`: N lists of names.
    name
        Name of the flag.
    """
    import numpy as np
    import pyarrow.compute as pc

    mask = np.zeros(len(flags), dtype=bool)
    rows = pc.list_parent_indices(flags).filter(pc.equal(pc.list_flatten(flags), name))
    mask[rows.to_numpy()] = True
    return mask
