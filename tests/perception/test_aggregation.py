"""`hmix_hub.aggregate`: one label per stimulus, by every method that a task has."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_generator.raw_exports import imported

import hmix_hub
from hmix_hub import aggregate, by_stimulus, load_dataset
from hmix_hub.contribute.fixing import fix
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.perception.aggregation import METHODS
from hmix_hub.perception.dawid_skene import dawid_skene
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

HAS = {
    INFER: {"mean", "median", "majority", "confidence_weighted", "model", "dawid_skene"},
    CONSTRUCT: {"mean", "median"},
    SELECT: {"mean", "median"},
    CATEGORICAL: {"mean", "majority", "dawid_skene"},
}


@pytest.fixture(scope="module")
def options(load_sample):
    """Return what each method is called with: a model that is fitted once."""
    fitted = {"model": hmix_hub.PerceptualModel.fit(load_sample(), people=False)}
    return {method: fitted if method == "model" else {} for method in METHODS}


def shares_of(found):
    return np.array(found["aggregated_coefficient"])


def by_hand(rows, compute):
    """Return a figure of the judgments of each stimulus, in the order of first appearance."""
    own = defaultdict(list)
    for row in rows:
        own[row["stimulus_id"]].append(row)
    return [compute(judged) for judged in own.values()]


def with_answers(load_sample, *shares, **columns):
    """Return judgments of one stimulus of the sample with these answers."""
    given = {"inferred_coefficient": shares} | columns
    judgments = load_sample().select([0] * len(shares))
    people = [f"p{number}" for number in range(len(shares))]
    changed = judgments.map(
        lambda row, number: {name: values[number] for name, values in (given | {"participant_id": people}).items()},
        with_indices=True,
    )
    return changed.cast(judgments.features)


@pytest.mark.parametrize("method", METHODS)
def test_a_task_has_the_methods_that_its_answers_allow(task, method, load_sample, options):
    judgments = load_sample(task)
    if method not in HAS[task]:
        with pytest.raises(ConfigurationError, match=f"'{method}' does not apply to the answers of {task}") as told:
            aggregate(judgments, method)
        assert all(name in told.value.hint for name in HAS[task])
        return
    found, pooled = aggregate(judgments, method, **options[method]), by_stimulus(judgments)
    own = {INFER: ["aggregated_coefficient", "soft_label", "top_class"], CATEGORICAL: ["soft_label", "top_class"]}
    assert found.column_names[-len(own.get(task, ["x"])) - 1 :] == [
        "method",
        *own.get(task, ["aggregated_coefficient"]),
    ]
    for name in ("pair_id", "image_1_index", "n_judgments", "n_participants", "n_synthetic"):
        assert found[name] == pooled[name]
    assert set(found["method"]) == {method}
    assert (
        not hmix_hub.to_pandas(found).drop(columns=["top_class", "image_2_label"], errors="ignore").isna().any().any()
    )
    if "soft_label" in found.column_names:
        np.testing.assert_allclose(np.sum(found["soft_label"], axis=1), 1, atol=1e-9)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 1235), min_size=1, max_size=200))
def test_any_selection_in_any_order_is_aggregated_as_by_hand(indices):
    judgments = load_dataset("h-mix", split="train", source="sample").select(indices)

    def votes_for_image_1(judged):
        votes = [row["inferred_coefficient"] > 0.5 for row in judged if row["inferred_coefficient"] != 0.5]
        return np.mean(votes) if votes else 0.5

    def weighted(judged):
        answers, weights = ([row[name] for row in judged] for name in ("inferred_coefficient", "confidence"))
        return np.average(answers, weights=weights if sum(weights) else None)

    computed = {
        "mean": lambda judged: np.mean([row["inferred_coefficient"] for row in judged]),
        "median": lambda judged: median(row["inferred_coefficient"] for row in judged),
        "majority": votes_for_image_1,
        "confidence_weighted": weighted,
    }
    for method, compute in computed.items():
        expected = by_hand(judgments.to_list(), compute)
        np.testing.assert_allclose(shares_of(aggregate(judgments, method)), expected, rtol=0, atol=1e-12)


def test_the_soft_label_of_a_share_is_over_the_two_classes(load_sample):
    found = aggregate(load_sample())
    for row in found.select(range(20)).to_list():
        share, expected = row["aggregated_coefficient"], np.zeros(10)
        expected[[row["image_1_label"], row["image_2_label"]]] = share, 1 - share
        np.testing.assert_allclose(row["soft_label"], expected, atol=1e-12)
        assert row["top_class"] == row["image_1_label" if share > 0.5 else "image_2_label"]


def test_a_tie_is_told(load_sample):
    tied = aggregate(with_answers(load_sample, 0.9, 0.2), "majority")[0]
    assert (tied["aggregated_coefficient"], tied["top_class"]) == (0.5, None)
    # A third who sees half of each has no vote.
    assert aggregate(with_answers(load_sample, 0.9, 0.2, 0.5), "majority")[0]["top_class"] is None
    clear = aggregate(with_answers(load_sample, 0.9, 0.2, 0.6), "majority")[0]
    assert clear["aggregated_coefficient"] == pytest.approx(2 / 3)
    assert clear["top_class"] == clear["image_1_label"]


@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_without_any_vote_each_picture_has_half(method, load_sample):
    found = aggregate(with_answers(load_sample, 0.5, 0.5), method)[0]
    assert (found["aggregated_coefficient"], found["top_class"]) == (0.5, None)


def test_without_any_confidence_the_weighted_mean_is_the_mean(load_sample):
    judgments = with_answers(load_sample, 0.9, 0.2, confidence=[0.0, None])
    assert shares_of(aggregate(judgments, "confidence_weighted")) == pytest.approx([0.55])


def test_one_outlier_moves_the_mean_and_not_the_median(load_sample):
    judgments = with_answers(load_sample, 0.7, 0.72, 0.0)
    assert shares_of(aggregate(judgments, "median")) == pytest.approx([0.7])
    assert shares_of(aggregate(judgments)) == pytest.approx([1.42 / 3])


def test_categorical_judgments_come_to_their_mean_soft_label(load_sample):
    judgments = load_sample(CATEGORICAL)
    found = aggregate(judgments)
    np.testing.assert_array_equal(found["soft_label"], by_stimulus(judgments)["mean_soft_label"])
    votes = aggregate(judgments, "majority")
    counted = by_hand(judgments.to_list(), lambda judged: np.bincount([r["top_class"] for r in judged], minlength=10))
    np.testing.assert_allclose(votes["soft_label"], [counts / counts.sum() for counts in counted])


def test_dawid_skene_is_that_of_the_votes(load_sample):
    judgments = load_sample(CATEGORICAL)
    rows = judgments.to_list()
    columns = ([row[name] for row in rows] for name in ("stimulus_id", "participant_id"))
    items, participants = ([list(dict.fromkeys(c)).index(value) for value in c] for c in columns)
    votes = np.array([row["top_class"] for row in rows])
    expected = dawid_skene(np.array(items), np.array(participants), votes, 10).posterior
    np.testing.assert_allclose(aggregate(judgments, "dawid_skene")["soft_label"], expected, atol=1e-9)


def test_an_aggregated_table_trains_and_turns_into_tensors(load_sample):
    found = aggregate(load_sample(), "majority")
    batch = next(iter(hmix_hub.batches(found, batch_size=8, shuffle=False)))
    np.testing.assert_allclose(batch["soft_label"].numpy(), found[:8]["soft_label"], atol=1e-6)
    tensors = hmix_hub.to_tensors(found, ["soft_label", "top_class"])
    assert tensors["top_class_mask"].sum() == len(found) - found["top_class"].count(None)
    turned = hmix_hub.align_labels(found, CIFAR10.names[::-1])
    assert turned.features["top_class"].names == list(CIFAR10.names[::-1])
    np.testing.assert_array_equal(np.array(turned["soft_label"])[:, ::-1], found["soft_label"])


def test_joined_studies_are_aggregated_over_all_their_classes(load_sample, tmp_path):
    from click.testing import CliRunner

    from hmix_hub.cli.main import main

    assert not CliRunner().invoke(main, ["contribute", "init", str(tmp_path / "study"), "--example"]).exit_code
    study = load_dataset(str(tmp_path / "study"), INFER, split="train")
    joined = hmix_hub.join([load_sample(), study])
    found = aggregate(joined)
    assert len(found) == len(by_stimulus(joined))
    assert len(found[0]["soft_label"]) == len(joined.features["image_1_label"].names)
    np.testing.assert_allclose(shares_of(found)[: len(by_stimulus(load_sample()))], shares_of(aggregate(load_sample())))


def test_an_empty_selection_gives_an_empty_table(task, load_sample, options):
    for method in HAS[task]:
        found = aggregate(load_sample(task).select([]), method)
        assert len(found) == 0
        assert (
            found.features
            == aggregate(load_sample(task), method, **options[method]).remove_columns("n_synthetic").features
        )


def test_an_unknown_method_offers_the_nearest(load_sample):
    with pytest.raises(ConfigurationError, match="there is no method 'majorty'") as told:
        aggregate(load_sample(), "majorty")
    assert told.value.hint == "did you mean 'majority'?"


def test_what_is_no_model_is_refused(load_sample):
    with pytest.raises(ConfigurationError, match=r"an hmix_hub\.PerceptualModel, not int"):
        aggregate(load_sample(), "model", model=3)


def test_a_model_is_given_to_the_method_of_that_name_alone(load_sample, options):
    with pytest.raises(ConfigurationError, match="'mean' does not use a model"):
        aggregate(load_sample(), **options["model"])


def test_what_is_no_judgment_table_is_refused(load_sample):
    with pytest.raises(SchemaError, match="one row per judgment"):
        aggregate(load_sample("infer_mixing_factor_by_stimulus"))
    with pytest.raises(ConfigurationError, match="not IterableDataset"):
        aggregate(load_dataset("h-mix", split="train", source="sample", streaming=True))
    with pytest.raises(ConfigurationError, match="no column 'top_class'"):
        aggregate(load_sample(CATEGORICAL).remove_columns("top_class"), "majority")


def test_ties_and_means_of_the_release(release):
    ds = load_dataset("h-mix", INFER, split="train", source=release)
    ties = {method: aggregate(ds, method)["top_class"].count(None) for method in ("mean", "median", "majority")}
    assert ties == {"mean": 51, "median": 127, "majority": 224}
    classes = load_dataset("h-mix", CATEGORICAL, split="train", source=release)
    assert aggregate(classes, "majority")["top_class"].count(None) == 44


def test_on_cifar_10s_the_majority_is_better_than_dawid_skene(cifar10s, tmp_path):
    imported(tmp_path, cifar10s, task=CATEGORICAL)
    manifest = tmp_path / "study" / "study.yaml"
    fix(Study.open(manifest.parent, is_draft=True))
    manifest.write_text(manifest.read_text().replace("procedure: TODO", "procedure: cifar10s"))
    dataset = load_dataset(str(manifest.parent), CATEGORICAL, split="train")
    right = {}
    for method in HAS[CATEGORICAL]:
        label = np.array(aggregate(dataset, method)["soft_label"])
        truth = np.array(aggregate(dataset, method)["image_1_label"])
        is_largest = label >= label.max(axis=1, keepdims=True) - 1e-9
        # Of classes that tie, each is taken as often as another.
        right[method] = (is_largest[np.arange(len(truth)), truth] / is_largest.sum(axis=1)).mean()
    assert (len(dataset), len(truth)) == (6696, 1000)
    assert right == pytest.approx({"mean": 0.9375, "majority": 0.9293, "dawid_skene": 0.886}, abs=1e-4)
