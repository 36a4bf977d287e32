"""CIFAR-10S: exports of its form, without a map, from the raw file to the published labels."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cifar10s_labels import answers_of, published_label
from study_generator.raw_exports import imported, write_table

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.fixing import fix
from hmix_hub.errors import DraftWarning, SchemaError
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL

SINGLE = ["trial_type", "trial_index", "subject", "condition", "rt", "response", "filename", "task", "label", "img_id"]


def single(prob="80", prob2="20", file="cifar10_train_0_Cat.png", second="Dog"):
    answer = {"classSelect": "mostProbCat", "prob": prob, "classSelect2": f"secondProb{second}", "prob2": prob2}
    answer |= {"improbClassSelectShip": "1", "improbClassSelectFrog": "1"}
    return ["survey-html-form", 6, "zz1", 3, 900, json.dumps(answer), file, "spec_conf", "Cat", "0.0"]


def test_the_form_of_cifar_10s_is_imported_without_a_map(tmp_path):
    write_table(tmp_path / "raw.csv", SINGLE, single())
    _, (row,) = imported(tmp_path, task=CATEGORICAL)
    assert (row["image_1_label"], row["image_1_index"], row["image_2_label"], row["image_2_index"]) == (
        "cat",
        "0",
        "",
        "",
    )
    assert (row["mixing_coefficient"], row["second_probability"]) == ("1", "0.2")
    assert row["impossible_classes"] == "ship|frog"
    manifest = (tmp_path / "study" / "study.yaml").read_text(encoding="utf-8")
    assert "source: cifar10/test" in manifest
    assert "mixing: none" in manifest


def test_answers_are_corrected_as_the_authors_do_and_it_is_told(tmp_path):
    write_table(tmp_path / "raw.csv", SINGLE, single("8p"), single("0"), single("10", "p", second="No"))
    done, rows = imported(tmp_path, task=CATEGORICAL)
    assert [row["top_probability"] for row in rows] == ["0.8", "1", "0.1"]
    assert "'8p' as 80 (1 row), '0' as 100 (1 row)" in "".join(done.outcome.notes)


def test_a_file_name_that_contradicts_its_row_is_an_error(tmp_path):
    write_table(tmp_path / "raw.csv", SINGLE, single(), single(file="cifar10_train_1_Cat.png"))
    with pytest.raises(SchemaError, match=r"raw\.csv, row 1, column filename: .*contradicts"):
        imported(tmp_path, task=CATEGORICAL)


def load(folder):
    return hmix_hub.load_dataset(str(folder), CATEGORICAL, split="train")


def test_the_export_of_cifar_10s_is_imported_fixed_and_loaded_with_its_published_labels(cifar10s, tmp_path):
    study, answers = tmp_path / "study", answers_of(cifar10s)
    done, rows = imported(tmp_path, cifar10s, task=CATEGORICAL)
    assert (len(rows), len({row["participant_id"] for row in rows}), len(answers)) == (6723, 248, 6696)
    notes = "".join(done.outcome.notes)
    assert "'0' as 100 (6 rows), '8p' as 80 (1 row)" in notes
    assert "write `procedure: cifar10s`" in notes
    (twice,) = check_study(Study.open(study, is_draft=True)).errors
    assert (twice.rule.code, twice.count) == ("HMX571", 27)
    fix(Study.open(study, is_draft=True))
    assert not check_study(Study.open(study, is_draft=True)).errors
    manifest = study / "study.yaml"
    with pytest.warns(DraftWarning, match="does not state a soft-label procedure yet"):
        load(study)
    manifest.write_text(manifest.read_text().replace("procedure: TODO", "procedure: cifar10s"))
    dataset = load(study)
    judged = list(zip(dataset["participant_id"], dataset["trial_index"], strict=True))
    assert sorted(judged) == sorted(answers)
    published = np.array([published_label(answers[judgment]) for judgment in judged])
    np.testing.assert_allclose(hmix_hub.soft_labels(dataset), published, rtol=0, atol=1e-12)
    # Another procedure gives other labels to a fifth.
    released = hmix_hub.soft_labels(dataset, "released")
    assert int(np.isclose(released, published, rtol=0, atol=1e-12).all(axis=1).sum()) == 5194
    ruled_out = [sum(key.startswith("improb") for key in answers[judgment]) for judgment in judged]
    assert list(map(len, dataset["impossible_classes"])) == ruled_out
