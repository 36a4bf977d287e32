"""Made-up trials of a raw file, and the lines of the column map that is proposed for them."""

from __future__ import annotations

import json
import random

import pyarrow as pa

from hmix_hub.contribute.proposal.proposer import propose
from hmix_hub.importing.outcome import ROW

CLASSES = ("cat", "dog", "fox")
PICTURES = {f"{label}{n}.png": label for label in CLASSES for n in range(2)}
PEOPLE = ("5f2d9ac84b1c0d00a1b2c3d4", "60aa9ac84b1c0d00a1b2c3d5", "61bb9ac84b1c0d00a1b2c3d6")


def trials():
    """Return made-up trials: three people choose the animal in six pictures."""
    rng = random.Random(0)
    for person in PEOPLE:
        for n, (picture, label) in enumerate(PICTURES.items()):
            chosen = label if rng.random() < 0.7 else rng.choice(CLASSES)
            yield {
                "person": person,
                "n": n,
                "picture": picture,
                "label": label,
                "chosen": chosen,
                "rt": round(rng.uniform(600, 4000), 1),
                "sure": rng.choice((20, 45, 60, 85, 100)),
            }


def raw(rows):
    """Return rows as a raw table: all text."""
    names = list(dict.fromkeys(name for row in rows for name in row))

    def text(value):
        return json.dumps(value) if isinstance(value, dict | list) else str(value)

    columns = {name: pa.array([text(row.get(name, "")) for row in rows], pa.string()) for name in names}
    return pa.table({**{name: pa.chunked_array([values]) for name, values in columns.items()}, ROW: range(len(rows))})


def lines(rows, task=None):
    """Return where the columns of a proposed map come from, and the proposal."""
    proposal = propose(raw(rows), task)
    return {line.target: line.origin for line in proposal.lines}, proposal


def answer_of(found):
    return found.get("chosen_class", found.get("top_class"))


def renamed(names, **more):
    """Return the trials with other names of columns; a column without one is left out."""
    return [{names[name]: value for name, value in row.items() if name in names} | more for row in trials()]


PLAIN = {"person": "subject", "n": "trial", "picture": "image", "chosen": "response", "rt": "rt"}
