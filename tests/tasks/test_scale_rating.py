"""The task scale_rating: ratings on the scales of a study, from a contributed file to what is loaded and trained on."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_ratings import ROWS, SCALES, findings, load, study

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.fixing import fix
from hmix_hub.contribute.importer import import_raw
from hmix_hub.errors import ConfigurationError, FilterError, SchemaError
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.scales import rename_scale
from hmix_hub.studies.detected import detect
from hmix_hub.studies.study import Study
from hmix_hub.tasks import RATING


def test_whether_a_scale_was_touched_may_be_told_without_a_path(tmp_path):
    rows = [(*row, touched) for row, touched in zip(ROWS, ("true", "false", "") * 2, strict=True)]
    assert findings(study(tmp_path, rows, columns="scale,rating,rating_touched")) == findings(study(tmp_path, ROWS))


def test_what_was_contributed_is_what_is_loaded_wherever_it_is_loaded_from(tmp_path):
    folder = study(tmp_path, ROWS)
    assert findings(folder) == []
    built = build(Study.open(folder), tmp_path / "built").path
    for place in (folder, built):
        ds = load(place)
        assert ds["scale"][:] == ["likeness", "beauty", "likeness", "likeness", "beauty", "likeness"]
        assert ds["rating"][:] == [1, 0.3, 0, 0.5, 0.4, 1 / 6]
        assert ds["presentation"][:] == [1] * 6
        assert ds["rating_touched"][:] == [None] * 6
        assert hmix_hub.scales_of(ds)["likeness"].range == "0 not at all, 1 very; 7 steps"


def test_a_stimulus_has_a_row_for_each_scale(tmp_path):
    stimuli = load(study(tmp_path, ROWS), f"{RATING}_by_stimulus")
    columns = [
        "pair_id",
        "scale",
        "n_judgments",
        "n_participants",
        "ratings",
        "mean_rating",
        "median_rating",
        "std_rating",
    ]
    assert stimuli.select_columns(columns).to_dict() == {
        "pair_id": ["Cat_0", "Cat_0", "Ship_1"],
        "scale": ["likeness", "beauty", "likeness"],
        "n_judgments": [2, 2, 2],
        "n_participants": [2, 2, 2],
        "ratings": [[1, 0.5], [0.3, 0.4], [0, 1 / 6]],
        "mean_rating": [0.75, 0.35, 1 / 12],
        "median_rating": [0.75, 0.35, 1 / 12],
        "std_rating": [0.25, pytest.approx(0.05), 1 / 12],
    }
    assert set(hmix_hub.scales_of(stimuli)) == {"likeness", "beauty"}


def test_a_file_of_a_study_with_one_scale_need_not_name_it(tmp_path):
    only = SCALES[: SCALES.index("  - {name: beauty")]
    rows = [(who, trial, picture, rating) for who, trial, picture, scale, rating in ROWS if scale.lower() == "likeness"]
    folder = study(tmp_path, rows, columns="rating", scales=only)
    assert findings(folder) == []
    assert set(load(folder)["scale"]) == {"likeness"}
    half = study(tmp_path, [(*row[:3], "", row[3]) for row in rows], scales=only, name="half")
    assert set(load(half)["scale"]) == {"likeness"}


def test_a_file_of_a_study_with_several_scales_names_the_scale_of_every_row(tmp_path):
    rows = [(*row[:3], row[4]) for row in ROWS]
    assert ("HMX530", "scale", [None]) in findings(study(tmp_path, rows, columns="rating"))
    gap = study(tmp_path, [*ROWS[:5], ("bob", 3, 1, "", 0)], name="gap")
    assert findings(gap) == [("HMX540", "scale", [5])]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("likness", 0), ("HMX588", "scale", [6])),
        (("likeness", 0.4), ("HMX589", "rating", [6])),
        (("likeness", 0.17), ("HMX579", "rating", [6])),
        (("likeness", 1.2), ("HMX542", "rating", [6])),
        (("beauty", -0.1), ("HMX542", "rating", [6])),
        (("beauty", "nice"), ("HMX541", "rating", [6])),
        (("beauty", "1e999"), ("HMX541", "rating", [6])),
        (("beauty", "NaN"), ("HMX545", "rating", [6])),
        (("beauty", ""), ("HMX540", "rating", [6])),
        (("=beauty", 0.3), ("HMX548", "scale", [6])),
        (("b" * 5000, 0.3), ("HMX588", "scale", [6])),
    ],
)
def test_a_rating_that_is_none_is_found_in_its_row(cells, expected, tmp_path):
    found = findings(study(tmp_path, [*ROWS, ("ann", 9, 3, *cells)]))
    assert expected in found
    assert {code for code, *_ in found} <= {expected[0], "HMX588"}


def test_ratings_of_a_scale_of_1_to_7_are_not_mistaken_for_percentages(tmp_path):
    rows = [(who, trial, picture, scale, 1 + trial) for who, trial, picture, scale, _ in ROWS]
    assert {code for code, *_ in findings(study(tmp_path, rows))} == {"HMX542"}


def test_rounded_steps_are_written_with_all_digits_and_nothing_else_is_touched(tmp_path):
    rows = [*ROWS, ("ann", 7, 2, "likeness", 0.67), ("ann", 8, 2, "beauty", 0.67), ("ann", 9, 3, "LIKENESS", 0.4)]
    folder = study(tmp_path, rows)
    (fixed,), report = fix(Study.open(folder, is_draft=True))
    assert (fixed.rule.code, fixed.examples) == ("HMX579", [(6, "0.67", "0.6666666666666666")])
    assert [found.rule.code for found in report.errors] == ["HMX589"], "what no rounding explains is left to a person"
    cells = list(csv.DictReader(io.StringIO((folder / f"judgments/{RATING}.csv").read_text())))
    assert [row["rating"] for row in cells[6:]] == ["0.6666666666666666", "0.67", "0.4"]


def test_a_step_is_one_number_however_many_digits_were_written(tmp_path):
    rows = [
        *ROWS,
        ("ann", 7, 2, "likeness", 0.166667),
        ("bob", 7, 2, "likeness", "1.6666667e-1"),
        ("ann", 8, 2, "beauty", 0.166667),
    ]
    folder = study(tmp_path, rows)
    assert findings(folder) == []
    assert load(folder)["rating"][-3:] == [1 / 6, 1 / 6, 0.166667]


def test_scales_of_lists_or_bytes_are_findings(tmp_path):
    for number, scales in enumerate([[["likeness"]] * 6, [b"\xff"] * 6, [True] * 6]):
        folder = study(tmp_path, ROWS, name=f"study{number}")
        path = folder / f"judgments/{RATING}.csv"
        table = pa.csv.read_csv(path)
        pa.parquet.write_table(table.set_column(6, "scale", pa.array(scales)), path.with_suffix(".parquet"))
        path.unlink()
        assert ("HMX541", "scale", list(range(6))) in findings(folder)
        assert set(detect(Study.open(folder).folder).scales) == set()


def test_a_repeat_is_of_one_scale(tmp_path):
    rows = [(*row, "false") for row in ROWS] + [
        ("ann", 4, 0, "beauty", 0.5, "true"),
        ("ann", 5, 1, "beauty", 0, "true"),
    ]
    folder = study(tmp_path, rows, columns="scale,rating,is_repeat")
    assert findings(folder) == [("HMX573", "is_repeat", [7])], "another scale of a stimulus is no repeat"


def test_an_untouched_scale_is_flagged(tmp_path):
    rows = [(*row, touched) for row, touched in zip(ROWS, ["true", "false", "", "1", "0", ""], strict=True)]
    ds = load(study(tmp_path, rows, columns="scale,rating,rating_touched"))
    assert ds["flags"][:] == [[], ["untouched_rating"], [], [], ["untouched_rating"], []]
    assert len(hmix_hub.filter(ds, exclude_flags="untouched_rating")) == 4


def test_filters_by_scale_and_by_rating(tmp_path):
    folder = study(tmp_path, ROWS)
    assert load(folder, scale="beauty")["rating"][:] == [0.3, 0.4]
    assert load(folder, rating=(0.4, None), scale="likeness")["rating"][:] == [1, 0.5]
    assert len(hmix_hub.filter(load(folder), scale=["beauty", "likeness"], rating=1 / 6)) == 1
    with pytest.raises(FilterError, match="'beuty' not found"):
        load(folder, scale="beuty")
    with pytest.raises(FilterError, match="7 is not from 0 to 1"):
        load(folder, rating=7)


def test_tensors_and_the_target_of_one_scale(tmp_path):
    ds = load(study(tmp_path, ROWS))
    tensors = hmix_hub.to_tensors(ds, ["scale", "rating", "rating_touched"])
    assert tensors["scale"].tolist() == [0, 1, 0, 0, 1, 0]
    assert tensors.vocabularies["scale"] == ["likeness", "beauty"]
    assert not tensors["rating_touched_mask"].any()
    with pytest.raises(ConfigurationError, match="one scale, but the dataset has likeness, beauty"):
        hmix_hub.batches(ds, images=None)
    one = hmix_hub.filter(ds, scale="likeness")
    (batch,) = hmix_hub.batches(one, images=None, shuffle=False)
    assert torch.equal(batch["rating"], torch.tensor([1, 0, 0.5, 1 / 6]))
    (pooled,) = hmix_hub.batches(hmix_hub.by_stimulus(one), images=None, shuffle=False)
    assert torch.equal(pooled["rating"], torch.tensor([0.75, 1 / 12]))
    for other in ("human", "human_weighted", "soft_label"):
        with pytest.raises(ConfigurationError, match=f"the target '{other}' requires the column"):
            hmix_hub.batches(one, images=None, targets=other)


def test_a_split_keeps_the_scales_of_a_stimulus_together(tmp_path):
    ds = load(
        study(tmp_path, [(f"p{n}", t, t % 4, ("likeness", "beauty")[t // 4], 0.5) for n in range(4) for t in range(8)])
    )
    for by in ("stimulus", "image"):
        parts = hmix_hub.split(ds, by=by, fractions={"train": 0.5, "test": 0.5})
        assert set(parts["train"]["stimulus_id"]).isdisjoint(parts["test"]["stimulus_id"])
        assert set(parts["train"]["scale"]) == {"likeness", "beauty"}


def test_studies_are_joined_with_all_their_scales(tmp_path):
    age = "scales: [{name: age, question: How old?, low: young, high: old}]\n"
    one, two = study(tmp_path, ROWS), study(tmp_path, [("cleo", 1, 0, "age", 0.8)], scales=age, name="other")
    ds = hmix_hub.load_dataset([str(one), str(two)], RATING, split="train")
    assert len(ds) == 7
    assert list(hmix_hub.scales_of(ds)) == ["likeness", "beauty", "age"]
    assert list(hmix_hub.scales_of(hmix_hub.filter(ds, scale="age"))) == ["age"]


def test_studies_whose_scales_of_one_name_have_other_ends_are_not_joined(tmp_path):
    turned = SCALES.replace("low: ugly, high: beautiful", "low: beautiful, high: ugly")
    one = load(study(tmp_path, ROWS))
    two = load(
        study(tmp_path, [("cleo", 1, 0, "beauty", 0.8), ("cleo", 2, 0, "likeness", 0.5)], scales=turned, name="turned")
    )
    with pytest.raises(SchemaError, match="a scale 'beauty' with different ends"):
        hmix_hub.join([one, two])
    renamed = rename_scale(two, "beauty", "ugliness")
    both = hmix_hub.join([renamed, one])
    assert {name: scale.low for name, scale in hmix_hub.scales_of(both).items()} == {
        "ugliness": "beautiful",
        "likeness": "not at all",
        "beauty": "ugly",
    }
    # What no row is rated on is in nobody's way.
    alike = hmix_hub.join([hmix_hub.filter(two, scale="likeness"), one])
    assert hmix_hub.scales_of(alike)["beauty"].low == "ugly"


def test_a_raw_file_becomes_a_draft_that_names_the_scales_of_its_rows(tmp_path):
    raw, mapped, to = tmp_path / "raw.csv", tmp_path / "map.yaml", tmp_path / "new-study"
    raw.write_text(
        "id,n,item,question,answer\nann,1,0,typical,3\nann,2,0,fluffy,7\nbob,1,0,typical,1\nbob,2,0,fluffy,4\n"
    )
    mapped.write_text(
        "task: scale_rating\ncolumns:\n  participant_id: id\n  trial_index: n\n  image_1_label: {constant: cat}\n"
        "  image_1_index: item\n  mixing_coefficient: {constant: 1}\n  response_time_ms: {constant: ''}\n"
        "  scale: question\n  rating: {column: answer, scale: [1, 7]}\n"
    )
    import_raw([raw], to, map_file=mapped)
    text = (to / "study.yaml").read_text()
    assert text.count("- name: typical") == text.count("- name: fluffy") == 1
    assert "steps: TODO            # the rows contain 2 different ratings" in text
    ds = load(to)
    assert dict(zip(ds["judgment_id"], ds["rating"], strict=True)) == {
        "new-study/scale_rating/ann/1": 1 / 3,
        "new-study/scale_rating/ann/2": 1,
        "new-study/scale_rating/bob/1": 0,
        "new-study/scale_rating/bob/2": 0.5,
    }


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(["likeness", "beauty"]), st.integers(0, 3), st.integers(0, 6)),
        min_size=1,
        max_size=30,
    )
)
def test_by_stimulus_holds_every_rating_once_whatever_was_rated(rated):
    n = len(rated)
    table = pa.table(
        {
            "study_id": ["s"] * n,
            "participant_id": [f"p{number}" for number in range(n)],
            "image_set": ["i"] * n,
            "pair_id": [f"Cat_{picture}" for _, picture, _ in rated],
            "stimulus_id": [f"mixed_1.0_Cat_{picture}" for _, picture, _ in rated],
            "image_1_label": [3] * n,
            "image_2_label": pa.nulls(n, pa.int64()),
            "image_1_index": pa.array([picture for _, picture, _ in rated], pa.int32()),
            "image_2_index": pa.nulls(n, pa.int32()),
            "mixing_coefficient": [1.0] * n,
            "scale": [scale for scale, _, _ in rated],
            "rating": [step / 6 for _, _, step in rated],
        }
    )
    rows = by_stimulus(table, RATING).to_pylist()
    assert len(rows) == len({(scale, picture) for scale, picture, _ in rated})
    for row in rows:
        own = [step / 6 for scale, picture, step in rated if (scale, picture) == (row["scale"], row["image_1_index"])]
        assert row["ratings"] == own
        assert row["mean_rating"] == pytest.approx(np.mean(own))
        assert row["median_rating"] == pytest.approx(np.median(own))
        assert row["std_rating"] == pytest.approx(np.std(own), abs=1e-12)
