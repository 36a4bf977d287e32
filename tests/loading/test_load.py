import dataclasses
import hashlib
import json
import pickle

import datasets
import pyarrow as pa
import pytest

import hmix_hub
from hmix_hub.builders.readers import read_table
from hmix_hub.errors import ConfigurationError, HMixError, SchemaVersionError, SourceError
from hmix_hub.schema import CIFAR10, CURRENT, N_SYNTHETIC, SYNTHETIC_FLAG, VERSIONS, features
from hmix_hub.sources import JUDGMENT_FILES, SAMPLE, resolve_source
from hmix_hub.tables import arrow_columns, dataset_of
from hmix_hub.tasks import RELEASED_CONFIGURATIONS, columns


@pytest.fixture(
    params=[(name, version) for name in RELEASED_CONFIGURATIONS for version in VERSIONS[1:]]
    + [(name, "1.0.0") for name in JUDGMENT_FILES],
    ids="-".join,
)
def config_and_version(request):
    return request.param


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_both_roads_give_the_same_dataset(config):
    ours = hmix_hub.load_dataset("h-mix", config, split="train", source="sample")
    theirs = datasets.load_dataset("h-mix", config, split="train", source="sample")
    assert ours.to_list() == theirs.to_list()
    assert ours.features == theirs.features == features(RELEASED_CONFIGURATIONS[config].columns(is_synthetic=True))
    assert ours._fingerprint == theirs._fingerprint


def test_the_builder_look_ups_know_h_mix():
    assert datasets.get_dataset_config_names("h-mix") == list(RELEASED_CONFIGURATIONS)
    assert datasets.get_dataset_split_names("h-mix", "construct_midpoint") == ["train"]
    assert datasets.get_dataset_default_config_name("h-mix") == "infer_mixing_factor"
    builder = datasets.load_dataset_builder("h-mix", "construct_midpoint", source="sample")
    assert "Collins" in builder.info.citation
    assert builder.info.license == "not stated"
    assert builder.info.features == features(columns("construct_midpoint"))


def test_without_a_split_all_splits_come():
    assert list(hmix_hub.load_dataset("h-mix", source="sample")) == ["train"]


@pytest.mark.parametrize(
    "split", ["train", "train[:10]", "train[-5:]", "train[10%:20%]", "train[:3]+train[-3:]", "train[5:2]", None]
)
@pytest.mark.parametrize("load", [datasets.load_dataset, hmix_hub.load_dataset])
def test_a_slice_is_one_of_the_rows_that_the_filters_leave(split, load, load_sample):
    kept = load_sample(mixing_coefficient=0.5)
    whole = datasets.Dataset.from_dict({"id": kept["judgment_id"][:]})
    sliced = load("h-mix", split=split, source="sample", mixing_coefficient=0.5)
    if split is None:
        assert sliced["train"]["judgment_id"][:] == whole["id"][:]
        return
    expected = {
        "train": slice(None),
        "train[:10]": slice(10),
        "train[-5:]": slice(-5, None),
        "train[10%:20%]": slice(round(0.1 * len(whole)), round(0.2 * len(whole))),
        "train[5:2]": slice(0),
    }
    ids = whole["id"][:]
    assert sliced["judgment_id"][:] == (ids[expected[split]] if split in expected else ids[:3] + ids[-3:])


def test_several_slices_and_unknown_splits_of_filtered_rows(load_sample):
    parts = hmix_hub.load_dataset("h-mix", split=["train[:4]", "train[4:]"], source="sample", repeats=True)
    assert [*parts[0]["judgment_id"], *parts[1]["judgment_id"]] == load_sample(repeats=True)["judgment_id"][:]
    with pytest.raises(ValueError, match="Unknown split"):
        hmix_hub.load_dataset("h-mix", split="test", source="sample", repeats=True)


def test_a_slice_of_a_split():
    whole = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    assert hmix_hub.load_dataset("h-mix", split="train[10:20]", source="sample").to_list() == whole.to_list()[10:20]


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_a_stream_gives_the_same_rows_and_features(config):
    stream = datasets.load_dataset("h-mix", config, split="train", source="sample", streaming=True)
    whole = hmix_hub.load_dataset("h-mix", config, split="train", source="sample")
    assert list(stream) == whole.to_list()
    assert stream.features == whole.features


def test_several_processes_give_the_same_rows(tmp_path):
    options = {"split": "train", "source": "sample", "cache_dir": str(tmp_path), "num_proc": 2}
    whole = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    assert datasets.load_dataset("h-mix", **options).to_list() == whole.to_list()


def test_datasets_pickle_and_feed_data_loader_workers():
    import torch

    dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample", mixing_coefficient=0.5)
    assert pickle.loads(pickle.dumps(dataset)).to_list() == dataset.to_list()
    columns = dataset.select_columns(["inferred_coefficient"]).with_format("torch")
    loader = torch.utils.data.DataLoader(columns, batch_size=64, num_workers=2, multiprocessing_context="spawn")
    assert sum(len(batch["inferred_coefficient"]) for batch in loader) == len(dataset)


def test_the_released_layout_is_a_version_of_the_schema(task):
    old = hmix_hub.load_dataset("h-mix", task, split="train", source="sample", schema_version="1.0.0")
    assert old.features == features(columns(task, "1.0.0"))
    assert old["subject"] == hmix_hub.load_dataset("h-mix", task, split="train", source="sample")["participant_id"]
    assert set(old["study_id"]) == {None}
    assert set(old["url"]) == {None}


def test_versions_and_sources_are_cached_apart_and_filters_are_not(tmp_path):
    def load(**options):
        return hmix_hub.load_dataset(
            "h-mix", "construct_midpoint", split="train", source="sample", cache_dir=tmp_path, **options
        )

    files = {load(**o).cache_files[0]["filename"] for o in ({}, {"repeats": False}, {"labels": "dog"})}
    assert len(files) == 1
    assert load(schema_version="1.0.0").cache_files[0]["filename"] not in files
    assert len(list(tmp_path.rglob("*.arrow"))) == 2


@pytest.mark.parametrize(
    ("arguments", "options", "error", "hint"),
    [
        (("h-mix", "infer_mixing_facto"), {}, ConfigurationError, "'infer_mixing_factor'"),
        (("h-mixx",), {}, ConfigurationError, "'h-mix'"),
        (("h-mix",), {"schema_version": "9.0.0"}, SchemaVersionError, "upgrade"),
        (("h-mix",), {"source": "/no/such/folder"}, SourceError, "six released files"),
        (("h-mix", "infer_mixing_factor_by_stimulus"), {"schema_version": "1.0.0"}, ConfigurationError, "leave"),
        (("h-mix",), {"schema_version": "1.0.0", "repeats": False}, ConfigurationError, "without schema_version"),
    ],
)
def test_what_does_not_exist_is_refused_with_advice(arguments, options, error, hint):
    with pytest.raises(error) as caught:
        hmix_hub.load_dataset(*arguments, split="train", **{"source": "sample"} | options)
    assert hint in (caught.value.hint or "")
    if arguments[0] == "h-mix":
        with pytest.raises(error):
            datasets.load_dataset(*arguments, split="train", **{"source": "sample"} | options)


def test_data_files_are_refused_with_the_right_option():
    with pytest.raises(ConfigurationError, match="data_dir") as caught:
        datasets.load_dataset("h-mix", data_dir="x", source="sample")
    assert "source=" in caught.value.hint


def test_the_sample_says_that_it_is_synthetic():
    dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    assert "synthetic" in dataset.info.description
    assert set(dataset["study_id"]) == {"sample"}
    assert set(dataset["image_set"]) == {"sample/pictures"}


def test_errors_survive_pickling():
    with pytest.raises(HMixError) as caught:
        hmix_hub.load_dataset("h-mixx")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy)) == (type(caught.value), str(caught.value))


def test_the_citation_is_the_authors():
    assert "Human-in-the-Loop Mixup" in hmix_hub.citation("h-mix")
    with pytest.raises(ConfigurationError):
        hmix_hub.citation("h-mux")


def test_public_names_are_there():
    for name in hmix_hub.__all__:
        assert getattr(hmix_hub, name)
    assert set(hmix_hub.__all__) <= set(dir(hmix_hub))
    with pytest.raises(AttributeError, match="no_such"):
        _ = hmix_hub.no_such


def test_other_features_are_refused_since_they_would_be_cached_for_everybody():
    features = hmix_hub.features()
    features["confidence"] = datasets.Value("float32")
    for load in (datasets.load_dataset, datasets.load_dataset_builder):
        with pytest.raises(ConfigurationError, match="features"):
            load("h-mix", source="sample", features=features)


@pytest.mark.parametrize(
    "change",
    [{"image_set": "other/set"}, {"rounds_by_row": {"infer_mixing_factor": (("X", 1236),)}}, {"study_id": "x"}],
)
def test_what_a_study_says_of_its_rows_is_part_of_the_cache_key(change, tmp_path):
    changed = dataclasses.replace(resolve_source("sample"), study=dataclasses.replace(SAMPLE, **change))
    assert changed.study.fingerprint != SAMPLE.fingerprint
    first = hmix_hub.load_dataset("h-mix", split="train", source="sample", cache_dir=tmp_path)
    second = hmix_hub.load_dataset("h-mix", split="train", source=changed, cache_dir=tmp_path)
    column = {"image_set": "image_set", "rounds_by_row": "collection_round", "study_id": "study_id"}[next(iter(change))]
    assert first.unique(column) != second.unique(column)


def test_features_are_those_of_the_loaded_table(config_and_version):
    config, version = config_and_version
    loaded = hmix_hub.load_dataset("h-mix", config, split="train", source="sample", schema_version=version)
    # By stimulus, those of the sample also count what a program made.
    count = {N_SYNTHETIC.name} if RELEASED_CONFIGURATIONS[config].by_stimulus else set()
    assert set(loaded.features) - set(hmix_hub.features(config, version)) == count
    assert hmix_hub.features(config, version) == {n: loaded.features[n] for n in loaded.features if n not in count}


@pytest.mark.parametrize("load", [datasets.load_dataset, hmix_hub.load_dataset])
def test_the_arguments_of_datasets_are_taken(load, tmp_path):
    options = {"verification_mode": "no_checks", "download_mode": "force_redownload", "keep_in_memory": True}
    assert len(load("h-mix", split="train", source="sample", cache_dir=str(tmp_path), num_proc=1, **options)) == 1236


# sha256 of the schema and the rows of each table of the sample study, as the package gave them before 2.1.0.
TABLES_OF_2_0_0 = {
    "construct_midpoint": "6e4585a07aba619b",
    "select_shuffled_midpoint": "7594c772f16e3406",
    "infer_mixing_factor": "c3df501db7a4018d",
    "categorical_soft_labels": "dac7fb6e28743859",
    "infer_mixing_factor_by_stimulus": "a811c9eaef1851a9",
    "categorical_soft_labels_by_stimulus": "71a526ba9b6160b8",
}


def without_marks(table):
    """A table without what says that a program made it, which the package of that time did not write."""
    if N_SYNTHETIC.name in table.column_names:
        return table.drop_columns(N_SYNTHETIC.name)
    flags = [[flag for flag in row if flag != SYNTHETIC_FLAG] for row in table["flags"].to_pylist()]
    place = table.column_names.index("flags")
    return table.set_column(place, table.schema.field("flags"), pa.array(flags, table["flags"].type))


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_schema_2_0_0_is_what_it_was_to_the_last_bit(config):
    marked = read_table(resolve_source("sample"), RELEASED_CONFIGURATIONS[config], "2.0.0")
    table = without_marks(marked)
    assert table.schema != marked.schema or table["flags"] != marked["flags"]
    text = json.dumps([str(table.schema), table.to_pydict()])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == TABLES_OF_2_0_0[config]


def test_the_current_schema_adds_columns_without_values(task, load_sample):
    new, old = load_sample(task), load_sample(task, schema_version="2.0.0")
    added = [column for column in columns(task) if column.since]
    assert [name for name in new.column_names if name not in old.column_names] == [column.name for column in added]
    assert set(new["schema_version"]) == {CURRENT}
    assert set(old["schema_version"]) == {"2.0.0"}
    for name in old.column_names:
        assert name == "schema_version" or new[name][:] == old[name][:]
    assert all(set(new[column.name]) == {None} for column in added)


def test_judgments_of_schema_2_0_0_are_filtered_split_gathered_joined_and_become_tensors(task, load_sample):
    new, old = load_sample(task), load_sample(task, schema_version="2.0.0")
    assert (
        hmix_hub.filter(old, repeats=False)["judgment_id"][:] == hmix_hub.filter(new, repeats=False)["judgment_id"][:]
    )
    assert hmix_hub.by_stimulus(old).to_list() == hmix_hub.by_stimulus(new).to_list()
    assert (
        hmix_hub.split(old, by="pair")["test"]["judgment_id"][:]
        == hmix_hub.split(new, by="pair")["test"]["judgment_id"][:]
    )
    assert set(hmix_hub.to_tensors(old)) <= set(hmix_hub.to_tensors(new))
    others = dataset_of(arrow_columns(old, old.column_names), columns(task, "2.0.0"), CIFAR10).map(
        lambda row: {"judgment_id": "again/" + row["judgment_id"]}
    )
    joined = hmix_hub.join([others, new])
    assert joined.features == new.features
    assert len(joined) == 2 * len(new)
    assert set(joined["schema_version"]) == {CURRENT}
