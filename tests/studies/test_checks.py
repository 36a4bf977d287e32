"""Checks, where a rule once saw what was not there: each of these was found by a random study."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
from study_generator.own_pictures import with_own_pictures

from hmix_hub.studies.checks.answers import SliderCheck
from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.changes import cells, every, rows_changed
from hmix_hub.tasks import INFER


def codes(report):
    return [found.rule.code for found in report]


def test_a_coefficient_that_never_changes_has_no_direction(check):
    change = every("mixing_coefficient", "is one tenth", lambda _: "0.1")
    assert "HMX582" not in codes(check(change.apply))


@pytest.mark.parametrize("noise", [0.1, None])
def test_a_slider_is_flipped_where_chance_does_not_explain_it(noise):
    """A pilot of 24 rows: answers that are turned, or given at random."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        shown = rng.choice([0.1, 0.25, 0.5, 0.75, 0.9], 24)
        answer = rng.random(24) if noise is None else 1 - shown + rng.normal(0, noise, 24)
        columns = {"mixing_coefficient": shown, "inferred_coefficient": answer}
        report = Report()
        check = SliderCheck(INFER, None, Reporter(report, "a.csv"))
        check.add(SimpleNamespace(numbers=columns.__getitem__))
        check.finish()
        found.append(report.has(rules.FLIPPED))
    assert sum(found) == (0 if noise is None else 200)


@pytest.mark.parametrize("beside", ["0.5", "very"])
def test_a_number_is_read_alike_whatever_stands_beside_it(beside, check):
    def change(files):
        cells({"confidence": "+0.5"}).apply(files)
        cells({"confidence": beside}, row=8).apply(files)

    told = [spot.row for found in check(change) if found.column == "confidence" for spot in found.spots]
    assert told == ([8] if beside == "very" else [])


def test_a_class_may_be_called_as_nothing_is(check):
    def change(files):
        names = "[none, NA, bird, cat, deer, dog, frog, horse, ship, truck]"
        files["study.yaml"] = files["study.yaml"].replace(b"classes: cifar10", f"classes: {names}".encode())
        rename = {"airplane": "none", "automobile": "na"}

        def renamed(rows):
            for number, row in enumerate(rows):
                for i in (1, 2):
                    name = f"image_{i}_label"
                    row[name] = rename.get(row[name], row[name])
                if number == 7:
                    row["image_1_label"] = "null"

        rows_changed("", renamed).apply(files)

    # CIFAR-10's own labels have other names, which is all else that is told.
    (found,) = [found for found in check(change) if found.rule.code != "HMX561"]
    assert (found.rule.code, [spot.row for spot in found.spots]) == ("HMX545", [7])


@pytest.mark.parametrize("source", ["cifar10/test", "cifar10/train", "own", "own, morphed"])
def test_a_picture_has_one_class_in_every_image_set(source, check):
    def spoil(files):
        with_own_pictures(files)
        manifest = files["study.yaml"].decode()
        if source == "own, morphed":
            manifest = manifest.replace("mixing: pixel-linear", "mixing: morph\n  mixing_note: By hand.")
        elif source != "own":
            manifest = manifest.replace("source: own", f"source: {source}").replace("[cat, fox]", "cifar10")
            (name,) = [name for name in files if name.endswith("images.csv")]
            del files[name]
        files["study.yaml"] = manifest.encode()
        rows = list(csv.DictReader(io.StringIO(files[f"judgments/{INFER}.csv"].decode())))
        # One person says cat, the other dog or fox; at most one of them can be right.
        chosen = [row | {"image_1_index": "2", "image_2_label": "", "image_2_index": ""} for row in rows[:2]]
        second = {"participant_id": "other", "image_1_label": "fox" if source.startswith("own") else "dog"}
        chosen[1] |= second
        files[f"judgments/{INFER}.csv"] = csv_bytes([row | {"mixing_coefficient": "1"} for row in chosen])
        files.pop("participants.csv", None)

    assert "HMX561" in codes(check(spoil))


@pytest.mark.parametrize(("column", "expected"), [("image_2_label", []), ("image_2_index", ["HMX530"])])
def test_the_second_picture_is_named_by_its_index_and_its_label_is_known(column, expected, check):
    def drop(rows):
        return [{name: value for name, value in row.items() if name != column} for row in rows]

    assert codes(check(rows_changed("", drop).apply)) == expected


@pytest.mark.parametrize("task", ["construct_midpoint", "categorical_soft_labels"])
def test_copies_of_a_file_are_told_once_whichever_of_them_is_right(task, check):
    def copy(files):
        files[f"judgments/{task}.csv"] = files[f"judgments/{INFER}.csv"]
        files["study.yaml"] = files["study.yaml"].replace(b"  - infer", f"  - {task}\n  - infer".encode())

    assert codes(check(copy)) == ["HMX514"]
