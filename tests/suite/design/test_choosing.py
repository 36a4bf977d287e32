"""`hmix collect design`: a list of pairs that a collection takes, and what it says of it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from suite.study.files import pair_study, write_study

from hmix_hub import PerceptualModel
from hmix_hub.cli.main import main
from hmix_hub.errors import ConfigurationError, PerceptionError
from hmix_hub.perception.information import OWN_SHARE
from hmix_hub.schema import CIFAR10
from hmix_hub.suite.design.choosing import Judged, choose_stimuli, pictures_named
from hmix_hub.suite.design.pictures import Labels

SAMPLE = ("--source", "sample", "--pictures", "sample/pictures")


@pytest.fixture(scope="module")
def model(load_sample) -> PerceptualModel:
    return PerceptualModel.fit(load_sample(), people=False)


@pytest.fixture(scope="module")
def model_file(model, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.json"
    model.save(path)
    return path


@pytest.fixture
def design(model_file, tmp_path):
    def run(*words: str | Path) -> Result:
        given = ["collect", "design", "-o", tmp_path / "pairs.csv", "--model", model_file, *words]
        return CliRunner().invoke(main, [str(word) for word in given])

    return run


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_check_takes_the_list_that_design_writes(design, tmp_path: Path) -> None:
    done = design("-n", "12", *SAMPLE)

    assert done.exit_code == 0, done.output
    assert f"wrote {tmp_path / 'pairs.csv'}" in done.output
    text, _ = pair_study("", [], task="infer_mixing_factor", keys="batch_size: 4\nbatches: 3")
    write_study(tmp_path, text)
    checked = CliRunner().invoke(main, ["collect", "check", str(tmp_path), "--json"])
    assert checked.exit_code == 0, checked.output
    [task] = json.loads(checked.output)["tasks"]
    assert (task["batches"], task["stimuli"], task["pairs"]) == (3, [4, 4], 12)


def test_no_pair_stands_twice_and_the_first_class_of_the_alphabet_is_first(design, tmp_path: Path) -> None:
    assert design("-n", "40", *SAMPLE).exit_code == 0

    rows = rows_of(tmp_path / "pairs.csv")
    assert len({(row["image_1_index"], row["image_2_index"]) for row in rows}) == 40
    assert all(row["image_1_label"] < row["image_2_label"] for row in rows)
    _, labels = pictures_named("sample/pictures")
    assert all(labels.name_of(int(row["image_1_index"])) == row["image_1_label"] for row in rows)


def test_a_limit_of_each_class_pair_gives_a_varied_list(design, tmp_path: Path) -> None:
    assert design("-n", "40", *SAMPLE, "--per-class-pair", "2").exit_code == 0
    counts = Counter((row["image_1_label"], row["image_2_label"]) for row in rows_of(tmp_path / "pairs.csv"))
    assert max(counts.values()) == 2
    assert sum(counts.values()) == 40
    done = design("-n", "100", *SAMPLE, "--per-class-pair", "2")
    assert done.exit_code == 2
    assert "at most 2 of each class pair, only 90" in " ".join(done.output.split())


def test_the_same_call_writes_the_same_list_and_another_seed_other_pictures(design, tmp_path: Path) -> None:
    written = []
    for seed in ("0", "0", "1"):
        design("-n", "10", "--seed", seed, *SAMPLE)
        written.append((tmp_path / "pairs.csv").read_text())
    assert written[0] == written[1] != written[2]


def test_coefficients_are_those_that_were_judged_or_named(design, tmp_path: Path) -> None:
    design("-n", "30", *SAMPLE)
    assert {row["mixing_coefficient"] for row in rows_of(tmp_path / "pairs.csv")} <= {
        "0.1",
        "0.25",
        "0.5",
        "0.75",
        "0.9",
    }
    design("-n", "30", "--coefficients", "0.4,0.6", *SAMPLE)
    assert {row["mixing_coefficient"] for row in rows_of(tmp_path / "pairs.csv")} <= {"0.4", "0.6"}


@pytest.mark.filterwarnings("default::hmix_hub.errors.PerceptionWarning")
def test_coefficients_that_nobody_judged_are_warned_of(design) -> None:
    done = design("-n", "5", "--coefficients", "0,0.5", *SAMPLE)

    assert done.exit_code == 0, done.output
    assert "some coefficients are outside the judged range, 0.1 to 0.9" in done.output


def test_json_says_what_the_choice_is_worth(design) -> None:
    said = json.loads(design("-n", "20", "--json", "--people", "2", *SAMPLE).output)

    assert said["stimuli"] == sum(said["coefficients"].values()) == 20
    assert said["random_worth"] > 20
    assert said["standard_error_after"] < said["standard_error_before"]
    assert said["image_set"] == "sample/pictures"


def test_judgments_are_fitted_where_no_model_is_given(tmp_path: Path, release) -> None:
    done = CliRunner().invoke(
        main, ["collect", "design", "-n", "5", "-o", str(tmp_path / "pairs.csv"), "--source", str(release), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["image_set"] == "cifar10/test"
    assert not json.loads(done.output)["uses_judged_pictures"]


def test_a_collection_with_its_own_pictures_is_chosen_from(design, tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")

    done = design("-n", "5", "--pictures", folder)

    assert done.exit_code == 0, done.output
    assert "sample/pictures" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pictures", "cifar10/tset"), "did you mean 'cifar10/test'"),
        (("--coefficients", "0.5,x"), "is not a list of numbers such as 0.25,0.5,0.75"),
        (("--coefficients", "0.33333"), "has more than four decimals"),
        (("--coefficients", "1.5"), "is not between 0 and 1"),
        (("--model", "missing.json"), "missing.json"),
        (("-n", "100000"), "stimuli cannot be chosen"),
    ],
)
def test_a_wrong_call_is_explained_and_writes_nothing(design, tmp_path: Path, words, said) -> None:
    refused = design(*SAMPLE, *words)

    assert refused.exit_code in {1, 2}
    assert said in refused.output
    assert not (tmp_path / "pairs.csv").exists()


def test_pictures_that_were_judged_are_left_out_while_there_are_others(model, load_sample) -> None:
    name, labels = pictures_named("sample/pictures")
    few = load_sample().select(range(40))
    judged = Judged.of(model, few, name, labels)
    chosen = choose_stimuli(model, labels, 10, judged=judged)
    shown = {index for one in chosen.stimuli for index in (one.image_1_index, one.image_2_index)}
    assert not chosen.uses_judged_pictures
    assert not shown & judged.pictures
    assert judged.pictures == frozenset({*few["image_1_index"], *few["image_2_index"]})


def test_where_all_pictures_were_judged_mixtures_that_were_not_come_first(model, load_sample) -> None:
    # Two classes of two pictures each: four pairs, one of which was judged.
    labels = Labels(np.array([3, 3, 5, 5]), CIFAR10)
    judged = Judged(frozenset(range(4)), {(0, 2, share): 3 for share in model.shown_coefficients}, OWN_SHARE)
    chosen = choose_stimuli(model, labels, 4, judged=judged, people=3)
    assert chosen.uses_judged_pictures
    assert (chosen.stimuli[-1].image_1_index, chosen.stimuli[-1].image_2_index) == (0, 2)


def test_answers_count_whichever_picture_is_first(model, load_sample) -> None:
    name, labels = pictures_named("sample/pictures")
    judged = Judged.of(model, load_sample(), name, labels)
    assert sum(judged.answers.values()) == len(load_sample())
    row = load_sample()[0]
    pair = (row["image_1_index"], row["image_2_index"], row["mixing_coefficient"])
    same = load_sample().filter(lambda other: other["stimulus_id"] == row["stimulus_id"])
    assert judged.answers[pair] == len(same)
    elsewhere = Judged.of(model, load_sample(), "cifar10/test", labels)
    assert (elsewhere.pictures, elsewhere.answers) == (frozenset(), {})


def test_a_class_that_the_model_does_not_know_is_named(model) -> None:
    from hmix_hub.schema import Vocabulary

    with pytest.raises(PerceptionError, match="the model has no class 'zebra'"):
        choose_stimuli(model, Labels(np.array([0, 1]), Vocabulary(("cat", "zebra"))), 1)


def test_pictures_of_one_class_are_refused(model) -> None:
    with pytest.raises(PerceptionError, match="fewer than two classes"):
        choose_stimuli(model, Labels(np.zeros(5, dtype=np.int64), CIFAR10), 1)


def test_no_coefficients_are_refused(model) -> None:
    with pytest.raises(ConfigurationError, match="no coefficients to choose from"):
        choose_stimuli(model, Labels(np.array([0, 1]), CIFAR10), 1, coefficients=[])
