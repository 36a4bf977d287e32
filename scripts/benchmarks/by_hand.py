"""Validation as one writes it by hand in pandas: the rules that catch common faults, in a line or two each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies import IMAGE_SET, TRIALS
from hmix_hub.schema import CIFAR10
from hmix_hub.sources.cifar10 import known_labels

_SHARES = ["mixing_coefficient", "inferred_coefficient", "confidence"]
_COUNTS = ["trial_index", "image_1_index", "image_2_index"]
_NUMBERS = [*_SHARES, *_COUNTS, "response_time_ms"]
_STIMULUS = ["participant_id", "image_1_index", "image_2_index", "mixing_coefficient"]
_CELLS = (
    (1, "participant_id", "sample/1"),
    (2, "trial_index", -3),
    (3, "response_time_ms", 12),
    (4, "response_time_ms", 5_000_000),
    (5, "response_time_ms", "quick"),
    (6, "image_set", "cifar10/train"),
    (7, "image_1_label", "aeroplane"),
    (8, "image_1_index", 10_000),
    (9, "image_2_index", ""),
    (10, "mixing_coefficient", 1.2),
    (11, "mixing_coefficient", "half"),
    (12, "mixing_coefficient", ""),
    (13, "inferred_coefficient", -0.1),
    (14, "confidence", 7),
)
"""Participant, column, and its value in the participant's sixth row."""
PEOPLE_WITH_FAULTS = 21
"""The people that a study must have for all faults to find a place."""


def plant_faults(frame: Any) -> None:
    """Write a fault of every kind into the judgments of a drawn study, in place."""
    for person, column, value in _CELLS:
        frame.loc[TRIALS * person + 5, column] = value
    wrong, same, single, numbered_twice, copied, unmarked = (TRIALS * person + 5 for person in range(15, 21))
    frame.loc[wrong, "image_1_label"] = "cat" if frame.loc[wrong, "image_1_label"] != "cat" else "dog"
    frame.loc[same, ["image_2_label", "image_2_index"]] = frame.loc[same, ["image_1_label", "image_1_index"]].to_numpy()
    frame.loc[single, ["image_2_label", "image_2_index", "mixing_coefficient"]] = ["", "", 0.5]
    frame.loc[numbered_twice, "trial_index"] = frame.loc[numbered_twice - 1, "trial_index"]
    frame.loc[copied] = frame.loc[copied - 1]
    frame.loc[frame.index[unmarked - 5 : unmarked - 5 + TRIALS], "is_repeat"] = False


def validate(file: Path) -> Counter[str]:
    """Return how many rows break each rule, by the rule's code in `hmix rules`."""
    rows = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, engine="pyarrow")
    numbers = rows[_NUMBERS].apply(pd.to_numeric, errors="coerce")
    real = known_labels()
    codes = {name: code for code, name in enumerate(CIFAR10.names)}
    label = {image: rows[f"image_{image}_label"].map(codes) for image in (1, 2)}
    index = {image: numbers[f"image_{image}_index"] for image in (1, 2)}
    has_label, has_index = rows["image_2_label"].notna(), rows["image_2_index"].notna()
    is_single, is_mixed = ~has_label & ~has_index, index[1] != index[2]
    time, share = numbers["response_time_ms"], numbers[_SHARES]
    bad = {
        "HMX540": rows[["participant_id", "mixing_coefficient", "image_1_index", "image_1_label"]].isna(),
        "HMX541": numbers.isna() & rows[_NUMBERS].notna(),
        "HMX542": pd.concat([(share < 0) | (share > 1), numbers[_COUNTS] < 0], axis=1),
        "HMX547": ~rows["participant_id"].str.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
        "HMX560": pd.DataFrame({i: label[i].isna() & rows[f"image_{i}_label"].notna() for i in (1, 2)}),
        "HMX561": pd.DataFrame({i: is_mixed & _is_wrong(label[i], index[i], real) for i in (1, 2)}),
        "HMX562": pd.DataFrame(index) >= len(real),
        "HMX565": ~is_mixed,
        "HMX566": (has_label != has_index) | (is_single & (share["mixing_coefficient"] < 1)),
        "HMX567": rows["image_set"] != IMAGE_SET,
        "HMX580": (time < 100) | (time > 3_600_000),
    }
    is_copy = rows.duplicated()
    bad["HMX570"] = rows.duplicated(["participant_id", "trial_index"]) & ~is_copy
    bad["HMX571"] = is_copy
    in_order = numbers.assign(participant_id=rows["participant_id"]).sort_values("trial_index", kind="stable")
    bad["HMX572"] = in_order.duplicated(_STIMULUS).sort_index() & ~rows["is_repeat"] & ~is_copy
    counts = Counter({code: int(np.count_nonzero(mask)) for code, mask in bad.items()})
    return +counts


def _is_wrong(label: pd.Series, index: pd.Series, real: np.ndarray) -> pd.Series:
    is_known = label.notna() & index.between(0, len(real) - 1)
    return is_known & (label != real[index.where(is_known, 0).astype(int)])
