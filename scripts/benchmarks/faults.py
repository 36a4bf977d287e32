"""Faults that the benchmark plants into drawn studies, so that every rule has something to find."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.studies import TRIALS, Faults, Texts

_CELLS = (
    (1, "participant_id", "sample/1"),
    (2, "participant_id", "sample000000003 "),
    (3, "trial_index", "-3"),
    (4, "trial_index", "7.5"),
    (5, "is_repeat", "maybe"),
    (6, "response_time_ms", "12"),
    (7, "response_time_ms", "n/a"),
    (8, "response_time_ms", "3,5"),
    (9, "response_time_ms", "5000000"),
    (24, "response_time_ms", "1,250"),
    (10, "image_set", "cifar10/train"),
    (11, "image_1_label", "aeroplane"),
    (12, "image_2_label", " dog"),
    (13, "image_2_label", "NA"),
    (14, "image_1_index", "10000"),
    (15, "image_2_index", ""),
    (16, "mixing_coefficient", "1.2"),
    (17, "mixing_coefficient", "half"),
    (18, "mixing_coefficient", ""),
    (19, "inferred_coefficient", "-0.1"),
    (20, "confidence", "7"),
    (21, "confidence", " 0.5"),
    (22, "x_device", "=1+1"),
    (23, "x_device", "-5"),
)
"""Person, column, and what stands there in the person's sixth row."""
_SIXTH = 5
PEOPLE_WITH_FAULTS = 40
"""The people that a study must have for all faults to find a place."""


_FIRST, _SECOND = ("image_1_label", "image_1_index"), ("image_2_label", "image_2_index")


def _plant_cells(texts: Texts) -> None:
    for person, column, value in _CELLS:
        texts[column][TRIALS * person + _SIXTH] = value
    wrong, swapped, same, single, turned = (TRIALS * person + _SIXTH for person in range(25, 30))
    texts["image_1_label"][wrong] = "cat" if texts["image_1_label"][wrong] != "cat" else "dog"
    _swap(texts, swapped, "image_1_label", "image_2_label")
    for first, second in zip(_FIRST, _SECOND, strict=True):
        texts[second][same] = texts[first][same]
        texts[second][single] = ""
        _swap(texts, turned, first, second)
    texts["mixing_coefficient"][single] = "0.5"
    texts["mood"] = ["good"] * len(texts["confidence"])


def _swap(texts: Texts, row: int, one: str, other: str) -> None:
    texts[one][row], texts[other][row] = texts[other][row], texts[one][row]


def _plant_rows(texts: Texts) -> None:
    numbered_twice, twice, marked, cut, alike, copied, copy = (
        TRIALS * person for person in (30, 31, 32, 33, 34, 35, 39)
    )
    texts["trial_index"][numbered_twice + _SIXTH] = texts["trial_index"][numbered_twice + _SIXTH - 1]
    for column in texts.values():
        column[twice + _SIXTH] = column[twice + _SIXTH - 1]
    texts["is_repeat"][marked] = "true"
    texts["is_repeat"][marked + TRIALS - 1] = "false"
    # Most rows are somebody else's, so that few are left.
    texts["participant_id"][cut + TRIALS // 3 : cut + TRIALS] = ["somebody-else"] * (TRIALS - TRIALS // 3)
    for name in ("inferred_coefficient", "confidence"):
        texts[name][alike : alike + TRIALS] = ["0.5"] * TRIALS
    for name, column in texts.items():
        if name != "participant_id":
            column[copy : copy + TRIALS] = column[copied : copied + TRIALS]


def _plant_columns(texts: Texts) -> None:
    _convert(texts, "confidence", lambda value: f"{100 * value:g}")
    _convert(texts, "response_time_ms", lambda value: f"{value / 1000:.4f}")
    _convert(texts, "inferred_coefficient", lambda value: f"{1 - value:.2f}")


def _convert(texts: Texts, name: str, convert: Callable[[float], str]) -> None:
    texts[name] = [convert(float(value)) if value else "" for value in texts[name]]


def _plant_letter(texts: Texts) -> None:
    texts["x_device"][TRIALS * 2] = "\N{LATIN SMALL LETTER E WITH ACUTE}cran"


FAULTS = (
    Faults("cells", _plant_cells),
    Faults("rows", _plant_rows),
    Faults("columns", _plant_columns),
    Faults("encoding", _plant_letter, "cp1252"),
)
