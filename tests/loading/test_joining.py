import numpy as np
import pyarrow as pa
import pytest
from datasets import concatenate_datasets

import hmix_hub
from hmix_hub.errors import ConfigurationError, SchemaError, SchemaVersionError
from hmix_hub.judgments.migration import migrate
from hmix_hub.judgments.released import Provenance
from hmix_hub.schema import CURRENT, Vocabulary
from hmix_hub.sources.sample.layout import released_table
from hmix_hub.tables import dataset_of
from hmix_hub.tasks import columns

# The same ten classes, two of them under other names and all in another order: another study's vocabulary.
OTHER = Vocabulary(("truck", "ship", "yak", "frog", "dog", "deer", "cat", "bird", "automobile", "airplane"))


def _renamed(value):
    return value.replace("Horse", "Yak") if isinstance(value, str) else value


def other_study(task, rows=150, vocabulary=OTHER, procedure="released"):
    released = released_table(task, rows, seed=9)
    table = pa.table(
        {name: [_renamed(value) for value in released[name].to_pylist()] for name in released.column_names}
    )
    released = table.cast(released.schema)
    table = migrate(
        released,
        task,
        start="1.0.0",
        target=CURRENT,
        provenance=Provenance("other", "other/set", procedure=procedure),
        vocabulary=vocabulary,
    )
    return dataset_of(table, columns(task), vocabulary)


def test_labels_of_other_vocabularies_are_recoded_to_the_union(task, load_sample):
    one, two = load_sample(task), other_study(task)
    joined = hmix_hub.join([one, two])
    names = joined.features["image_1_label"].names
    assert names == [*one.features["image_1_label"].names, "yak"]
    for column in [c for c in joined.column_names if c.endswith("_label") or c.endswith("_class")]:
        if column == "soft_label":
            continue
        expected = [
            None if code is None else part.features[column].names[code] for part in (one, two) for code in part[column]
        ]
        assert [None if code is None else names[code] for code in joined[column]] == expected


def test_soft_labels_are_spread_over_the_union(load_sample):
    one, two = load_sample("categorical_soft_labels"), other_study("categorical_soft_labels")
    joined = hmix_hub.join([one, two])
    assert joined.features["soft_label"].length == 11
    labels = np.array(joined["soft_label"][:])
    np.testing.assert_allclose(labels.sum(axis=1), 1)
    theirs = np.array(two["soft_label"][:])
    np.testing.assert_array_equal(labels[len(one) :, 10], theirs[:, OTHER.code("yak")])
    np.testing.assert_array_equal(labels[len(one) :, 5], theirs[:, OTHER.code("dog")])
    assert (labels[len(one) :, 7] == 0).all()
    impossible = [
        [joined.features["image_1_label"].names[c] for c in row] for row in joined["impossible_classes"][len(one) :]
    ]
    assert impossible == [[OTHER.names[c] for c in row] for row in two["impossible_classes"]]


def test_joined_studies_load_filter_gather_and_become_tensors(load_sample):
    two = other_study("infer_mixing_factor")
    joined = hmix_hub.load_dataset(["h-mix", two], split="train", source="sample", mixing_coefficient=(0.25, 0.75))
    assert set(joined["study_id"]) == {"sample", "other"}
    assert hmix_hub.filter(joined, studies="other", labels="yak").num_rows > 0
    table = hmix_hub.by_stimulus(joined)
    assert sum(table["n_judgments"]) == len(joined)
    assert set(table["image_set"]) == {"sample/pictures", "other/set"}
    assert hmix_hub.to_tensors(joined).vocabularies["image_1_label"][-1] == "yak"


def test_by_stimulus_of_joined_studies_is_computed_over_all_judgments(load_sample):
    first = load_sample().select(range(600))
    second = load_sample().select(range(600, 1236))
    joined = hmix_hub.load_dataset([first, second], "infer_mixing_factor_by_stimulus", split="train")
    assert joined.to_list() == load_sample("infer_mixing_factor_by_stimulus").to_list()


def test_one_vocabulary_needs_no_recoding(load_sample):
    first, second = load_sample().select(range(10)), load_sample().select(range(10, 30))
    assert hmix_hub.join([first, second]).to_list() == load_sample().to_list()[:30]


def test_a_judgment_twice_is_refused(load_sample):
    seventh = load_sample().select([7])
    with pytest.raises(SchemaError, match=r"datasets 1 and 3 both hold judgment 'sample/.*', and 0 more"):
        hmix_hub.join([load_sample(), other_study("infer_mixing_factor"), seventh])
    with pytest.raises(SchemaError, match="more than once"):
        hmix_hub.join([concatenate_datasets([seventh, seventh])])


def test_a_study_twice_is_refused_and_the_source_is_named_as_a_reason(load_sample, monkeypatch):
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    with pytest.raises(SchemaError, match=r"datasets 1 and 2 both hold judgment 'sample/.*', and 1235 more") as refused:
        hmix_hub.load_dataset(["h-mix", load_sample()], split="train")
    assert "HMIX_SOURCE" in refused.value.hint


def test_different_tasks_are_refused(load_sample):
    with pytest.raises(SchemaError, match="different tasks"):
        hmix_hub.join([load_sample(), load_sample("construct_midpoint")])


def test_nothing_to_join_is_refused():
    with pytest.raises(ConfigurationError, match="nothing"):
        hmix_hub.load_dataset([])


@pytest.mark.parametrize(
    ("options", "said"), [({"streaming": True}, "stream"), ({"split": "test"}, "the split is 'train'")]
)
def test_what_a_join_cannot_do_is_refused(options, said, load_sample):
    with pytest.raises(ConfigurationError, match=said):
        hmix_hub.load_dataset([load_sample()], **options)


def test_splits_of_a_join_are_those_of_a_load(load_sample):
    assert list(hmix_hub.load_dataset([load_sample()])) == ["train"]
    assert len(hmix_hub.load_dataset([load_sample()], split="train[:7]")) == 7


def test_soft_labels_of_a_dataset_by_each_procedure(load_sample):
    dataset = load_sample("categorical_soft_labels")
    released = hmix_hub.soft_labels(dataset, "released")
    assert released.tolist() == list(dataset["soft_label"])
    published = hmix_hub.soft_labels(dataset, "cifar10s")
    assert 0 < (released == published).all(axis=1).sum() < len(dataset)
    more = hmix_hub.soft_labels(dataset, "released", redistribution=0.3)
    assert (more != released).any()
    hard = hmix_hub.soft_labels(dataset, "one_hot")
    assert hard.argmax(axis=1).tolist() == list(dataset["top_class"])
    assert set(hard.ravel()) == {0, 1}
    with pytest.raises(SchemaError, match="top_class"):
        hmix_hub.soft_labels(load_sample(), "released")


def test_without_a_procedure_soft_labels_are_the_studys_own(load_sample):
    dataset = load_sample("categorical_soft_labels")
    own = dataset.map(lambda row: {"soft_label": list(np.eye(10)[row["top_class"]])}, load_from_cache_file=False)
    assert (hmix_hub.soft_labels(own) == hmix_hub.soft_labels(dataset, "one_hot")).all()
    with pytest.raises(SchemaError, match="soft_label"):
        hmix_hub.soft_labels(load_sample())
    with pytest.raises(ConfigurationError, match="redistribution"):
        hmix_hub.soft_labels(dataset, redistribution=0.3)


def test_joined_studies_keep_the_labels_of_their_own_procedures(load_sample):
    theirs, hard = load_sample("categorical_soft_labels"), other_study("categorical_soft_labels", procedure="one_hot")
    joined = hmix_hub.join([theirs, hard])
    stored = hmix_hub.soft_labels(joined)
    assert (stored[: len(theirs), :10] == hmix_hub.soft_labels(theirs, "released")).all()
    assert (stored[len(theirs) :] == hmix_hub.soft_labels(joined, "one_hot")[len(theirs) :]).all()
    # Which classes were offered beside the chosen one cannot be seen from a one-hot label.
    with pytest.raises(SchemaError, match="does not follow"):
        hmix_hub.soft_labels(joined, "released")


def test_soft_labels_of_studies_with_different_classes_are_refused_once_joined(load_sample):
    theirs = other_study("categorical_soft_labels")
    assert hmix_hub.soft_labels(theirs).tolist() == list(theirs["soft_label"])
    with pytest.raises(SchemaError, match="does not follow") as refused:
        hmix_hub.soft_labels(hmix_hub.join([load_sample("categorical_soft_labels"), theirs]), "released")
    assert "before joining" in refused.value.hint


def test_the_same_pair_is_one_stimulus_whatever_the_case_of_its_classes():
    upper = Vocabulary(tuple(name.upper() for name in OTHER.names))
    task, released = "infer_mixing_factor", released_table("infer_mixing_factor", 62, seed=9)
    one, two = (
        dataset_of(
            migrate(
                pa.table({n: [_renamed(v) for v in released[n].to_pylist()] for n in released.column_names}).cast(
                    released.schema
                ),
                task,
                start="1.0.0",
                target=CURRENT,
                provenance=Provenance(study, "shared/set"),
                vocabulary=OTHER,
            ),
            columns(task),
            vocabulary,
        )
        for study, vocabulary in (("one", OTHER), ("two", upper))
    )
    joined = hmix_hub.join([one, two])
    table = hmix_hub.by_stimulus(joined)
    assert len(table) == len(hmix_hub.by_stimulus(one))
    assert set(table["n_participants"]) == {2}


@pytest.mark.parametrize("version", ["3.0.0", "1.0.0", "banana"])
def test_rows_of_another_schema_version_are_refused(version, load_sample):
    dataset = load_sample().remove_columns("schema_version").add_column("schema_version", [version] * 1236)
    for call in (hmix_hub.by_stimulus, lambda ds: hmix_hub.join([ds])):
        with pytest.raises(SchemaVersionError, match=version):
            call(dataset)


@pytest.mark.parametrize("rows", [range(5), []])
def test_the_released_layout_is_refused_by_name(rows, load_sample):
    released = load_sample(schema_version="1.0.0").select(rows)
    with pytest.raises(SchemaVersionError, match=r"schema 1\.0\.0"):
        hmix_hub.by_stimulus(released)


@pytest.mark.parametrize("column", ["image_set", "participant_id", "confidence", "task"])
def test_a_missing_column_is_named(column, load_sample):
    with pytest.raises(SchemaError, match=column):
        hmix_hub.by_stimulus(load_sample().remove_columns(column))
