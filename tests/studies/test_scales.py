"""Scales of ratings: what study.yaml may say of them, and which places of a scale can be chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.schema.scale import MOST_STEPS, Scale
from hmix_hub.studies.example import example_study
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest_file import read_manifest

TEXT = example_study()["study.yaml"].decode()
GOOD = {"name": "likeness", "question": "How alike are they?", "low": "not at all", "high": "very", "steps": "7"}


def read(folder, *scales, **options):
    """Read the example's manifest with scales: the manifest, and what is found, as (field, note)."""
    written = "".join(
        "  - " + "\n    ".join(f"{key}: {value}" for key, value in scale.items()) + "\n" for scale in scales
    )
    (folder / "study.yaml").write_text(f"{TEXT}scales:\n{written}" if scales else TEXT)
    report = Report()
    manifest = read_manifest(folder, report, **options)
    return manifest, [(found.column, spot.note) for found in report for spot in found.spots]


def test_scales_are_read_in_their_order(tmp_path):
    other = GOOD | {"name": "Beauty", "steps": ""}
    manifest, found = read(tmp_path, GOOD, other)
    assert found == []
    assert manifest.rated == {
        "likeness": Scale("likeness", "How alike are they?", "not at all", "very", 7),
        "Beauty": Scale("Beauty", "How alike are they?", "not at all", "very", None),
    }


def test_a_study_without_scales_has_none(tmp_path):
    assert read(tmp_path)[0].rated == {}


@pytest.mark.parametrize("steps", ["", "~", "null", None])
def test_a_scale_without_steps_is_continuous(steps, tmp_path):
    scale = {key: value for key, value in (GOOD | {"steps": steps}).items() if value is not None}
    manifest, found = read(tmp_path, scale)
    assert found == []
    assert manifest.rated["likeness"].steps is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "how alike", "form"),
        ("name", "../ends", "form"),
        ("name", "a" * 41, "form"),
        ("steps", "1", "greater than or equal to 2"),
        ("steps", "-7", "greater than or equal to 2"),
        ("steps", "1002", "less than or equal to 1001"),
        ("steps", "7.5", "integer"),
        ("steps", "many", "integer"),
        ("steps", "[1, 7]", "integer"),
        ("low", "", "string"),
        ("colour", "red", "name, question, low, high, steps"),
    ],
)
def test_a_scale_of_another_form_is_refused_with_its_place(field, value, said, tmp_path):
    manifest, ((place, note),) = read(tmp_path, GOOD, GOOD | {"name": "other"} | {field: value})
    assert manifest is None
    assert place == f"scales.1.{field}"
    assert said in note


def test_a_scale_must_have_two_ends(tmp_path):
    assert read(tmp_path, GOOD | {"high": "Not At All"})[1][0][1].endswith("both ends of the scale are 'not at all'")


def test_two_scales_of_one_name_are_refused_whatever_their_case(tmp_path):
    assert "two scales have the same name" in read(tmp_path, GOOD, GOOD | {"name": "Likeness"})[1][0][1]


def test_a_draft_may_leave_names_ends_and_steps_open(tmp_path):
    todo = {"name": "TODO", "question": "TODO", "low": "TODO", "high": "TODO", "steps": "TODO"}
    manifest, found = read(tmp_path, todo, is_draft=True)
    assert [note.split(",")[0] for _, note in found] == [f"scales.0.{field}" for field in todo]
    assert manifest.rated["TODO"].steps is None


@given(st.integers(2, MOST_STEPS), st.data())
def test_every_step_is_a_place_of_its_scale(steps, data):
    scale = Scale("s", "q", "low", "high", steps)
    step = data.draw(st.integers(0, steps - 1))
    exact = np.array([step / (steps - 1)])
    assert scale.are_steps(exact).all()
    assert not scale.are_rounded_steps(exact).any()
    assert scale.nearest(exact) == exact


@given(st.integers(2, 51), st.data())
def test_a_step_that_was_written_with_two_decimals_is_known_again(steps, data):
    scale = Scale("s", "q", "low", "high", steps)
    step = data.draw(st.integers(0, steps - 1)) / (steps - 1)
    written = np.array([round(step, 2)])
    assert scale.are_steps(written) | scale.are_rounded_steps(written)
    assert scale.nearest(written) == step


@pytest.mark.parametrize(("steps", "rating"), [(7, 0.5 / 6), (5, 0.2), (101, 0.005), (MOST_STEPS, 0.0005)])
def test_what_is_between_two_steps_is_neither_a_step_nor_a_rounded_one(steps, rating):
    scale = Scale("s", "q", "low", "high", steps)
    between = np.array([rating, np.nan])
    assert not scale.are_steps(between).any()
    assert not scale.are_rounded_steps(between).any()


def test_a_continuous_scale_takes_any_place():
    ratings = np.array([0, 0.123456789, 1])
    assert Scale("s", "q", "low", "high").are_steps(ratings).all()
    assert not Scale("s", "q", "low", "high").are_rounded_steps(ratings).any()
