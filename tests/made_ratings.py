"""A study of ratings of single pictures on two scales."""

from __future__ import annotations

import hmix_hub
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import RATING

SCALES = """\
scales:
  - {name: likeness, question: How alike are they?, low: not at all, high: very, steps: 7}
  - {name: beauty, question: How beautiful is it?, low: ugly, high: beautiful}
"""
HEADER = "participant_id,trial_index,response_time_ms,image_1_label,image_1_index,mixing_coefficient"
PICTURES = (("cat", 0), ("ship", 1), ("ship", 2), ("airplane", 3))
"""The first pictures of CIFAR-10's test set."""


def study(folder, rows, *, columns="scale,rating", scales=SCALES, name="made"):
    """Write a study of single pictures; rows are participant, trial, number of the picture, cells of the columns."""
    files = example_study(RATING)
    text = files["study.yaml"].decode()
    text = text[: text.index("scales:")] + scales + text[text.index("citation:") :]
    text = text.replace("id: example-study", f"id: {name}-study").replace("synthetic: true\n", "")
    lines = [
        ",".join(map(str, [who, trial, 2000 + trial, *PICTURES[picture], 1, *cells]))
        for who, trial, picture, *cells in rows
    ]
    table = "\n".join([f"{HEADER},{columns}", *lines, ""])
    written = {"study.yaml": text.replace("mixing: pixel-linear", "mixing: none").encode()}
    return write_files(folder / name, written | {f"judgments/{RATING}.csv": table.encode()})


ROWS = [
    ("ann", 1, 0, "likeness", 1),
    ("ann", 2, 0, "beauty", 0.3),
    ("ann", 3, 1, "likeness", 0),
    ("bob", 1, 0, "Likeness", 0.5),
    ("bob", 2, 0, "BEAUTY", 0.4),
    ("bob", 3, 1, "likeness", "0.16666666666666666"),
]


def load(place, name=RATING, **options):
    return hmix_hub.load_dataset(str(place), name, split="train", **options)


def findings(folder):
    return [(found.rule.code, found.column, [spot.row for spot in found.spots]) for found in Study.open(folder).report]
