"""Versions of the schema: studies of each load, validate and build as what they are, and load as any."""

from __future__ import annotations

import datasets
import pytest
from study_generator.changed_example import of_people
from study_generator.recorded_example import recorded_example

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.description.totals import study_statistics
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import ConfigurationError
from hmix_hub.schema import CIFAR10, CURRENT, features
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, columns

REPOSITORY = "lab/example-study"


def names(task, version):
    return [column.name for column in columns(task, version)]


def older(files):
    manifest = files["study.yaml"].replace(f"schema_version: {CURRENT}".encode(), b"schema_version: 2.0.0")
    assert manifest != files["study.yaml"]
    return files | {"study.yaml": manifest}


def with_own_column(files, task):
    path = f"judgments/{task}.csv"
    header, *lines = files[path].decode().splitlines()
    text = "\n".join([f"{header},x_mood", *(f"{line},{number % 3}" for number, line in enumerate(lines))])
    return files | {path: text.encode() + b"\n"}


@pytest.fixture(params=["folder", "built", "hub"])
def place_of(request, tmp_path):
    """Bring a study to each place that one can be loaded from."""

    def place(files):
        folder = write_files(tmp_path / "study", of_people(files))
        if request.param == "built":
            return build(Study.open(folder), tmp_path / "built").path
        if request.param == "hub":
            request.getfixturevalue("hub")
            publish(Study.open(folder), REPOSITORY, push=True)
            return REPOSITORY
        return folder

    return place


def load(place, task, **options):
    return hmix_hub.load_dataset(place, task, split="train", **options)


def test_a_study_of_2_0_0_loads_as_any_version(place_of, task):
    place = place_of(with_own_column(older(example_study(task)), task))
    new, old = load(place, task), load(place, task, schema_version="2.0.0")
    assert new.column_names == [*names(task, CURRENT), "x_mood"]
    assert old.column_names == [*names(task, "2.0.0"), "x_mood"]
    assert (set(new["schema_version"]), set(old["schema_version"])) == ({CURRENT}, {"2.0.0"})
    assert {name: new.features[name] for name in names(task, CURRENT)} == features(columns(task))
    for name in old.column_names:
        assert name == "schema_version" or new[name][:] == old[name][:]
    assert all(set(new[column.name]) == {None} for column in columns(task) if column.since)
    assert load(place, task, schema_version="1.0.0").column_names == names(task, "1.0.0")
    assert list(load(place, task, streaming=True)) == new.to_list()
    assert list(load(place, task, streaming=True, schema_version="2.0.0")) == old.to_list()


def test_a_study_of_the_current_schema_loads_as_any_version(place_of, task):
    place = place_of(recorded_example(task))
    new, old = load(place, task), load(place, task, schema_version="2.0.0")
    assert new.column_names == names(task, CURRENT)
    assert old.column_names == names(task, "2.0.0")
    assert old.to_list() == [
        {name: row[name] for name in old.column_names} | {"schema_version": "2.0.0"} for row in new.to_list()
    ]
    assert all(set(map(str, new[column.name])) - {"None"} for column in columns(task) if column.since)
    kept = load(place, task, schema_version="2.0.0", participants="p01")
    assert kept.to_list() == hmix_hub.filter(old, participants="p01").to_list()
    assert list(load(place, task, streaming=True)) == new.to_list()
    with pytest.raises(ConfigurationError, match=r"no schema before 2\.0\.0"):
        load(place, task, streaming=True, schema_version="1.0.0")


@pytest.mark.parametrize("files", [example_study, recorded_example])
def test_what_is_recorded_breaks_no_rule_and_gives_nobody_away(files, task, tmp_path):
    folder = write_files(tmp_path / "study", files(task))
    assert check_study(Study.open(folder)).findings == []
    assert scan_privacy(Study.open(folder)).findings == []


def test_a_study_of_2_0_0_is_built_in_2_0_0(task, tmp_path):
    folder = write_files(tmp_path / "study", older(example_study(task)))
    assert check_study(Study.open(folder)).findings == []
    built = build(Study.open(folder), tmp_path / "built")
    (file,) = built.path.glob(f"{task}/*.parquet")
    plain = datasets.load_dataset("parquet", data_files=str(file), split="train")
    assert plain.column_names == names(task, "2.0.0")
    assert set(plain["schema_version"]) == {"2.0.0"}
    assert study_statistics(Study.open(folder))["schema_version"] == "2.0.0"
    card = (built.path / "README.md").read_text()
    assert "schema 2.0.0" in card
    assert not any(f"`{column.name}`" in card for column in columns(task) if column.since)


def test_a_study_of_2_1_0_is_described_with_its_columns(task, tmp_path):
    built = build(Study.open(write_files(tmp_path / "study", recorded_example(task))), tmp_path / "built")
    card = (built.path / "README.md").read_text()
    croissant = (built.path / "croissant.json").read_text()
    for column in columns(task):
        if column.since:
            assert f"`{column.name}`" in card
            assert f'"{task}/{column.name}"' in croissant


def test_statistics_do_not_depend_on_what_is_recorded_beside_the_answers(tmp_path):
    one, two = (
        study_statistics(Study.open(write_files(tmp_path / name, files)))
        for name, files in (("one", recorded_example(CONSTRUCT)), ("two", example_study(CONSTRUCT)))
    )
    assert one == two


def test_recorded_lists_as_tensors(tmp_path):
    judged = load(write_files(tmp_path / "study", recorded_example(INFER)), INFER)
    default = hmix_hub.to_tensors(judged)
    assert not {"inferred_path", "inferred_path_times_ms", "confidence_path"} & set(default)
    assert default["inferred_touched"].tolist() == [bool(value) for value in judged["inferred_touched"]]
    assert default["inferred_touched_mask"].tolist() == [value is not None for value in judged["inferred_touched"]]
    sides = default.vocabularies["image_1_side"]
    assert [sides[code] if code >= 0 else None for code in default["image_1_side"]] == judged["image_1_side"][:]
    asked = hmix_hub.to_tensors(judged, ["inferred_path", "inferred_path_times_ms"])
    values, mask = asked["inferred_path"], asked["inferred_path_mask"]
    assert values[~mask].isnan().all()
    for row, known, path in zip(values, mask, judged["inferred_path"], strict=True):
        assert row[known].tolist() == pytest.approx(path or [])
    ordered = load(write_files(tmp_path / "other", recorded_example(CATEGORICAL)), CATEGORICAL)
    asked = hmix_hub.to_tensors(ordered, "class_order")
    assert asked.vocabularies["class_order"] == list(CIFAR10.names)
    rows = [row if row is not None else [-1] * 10 for row in ordered["class_order"]]
    assert asked["class_order"].tolist() == rows
    assert (
        hmix_hub.to_tensors(hmix_hub.filter(ordered, participants="p01"), "class_order")["class_order"].shape[0] == 12
    )


def test_recorded_columns_are_split_joined_and_batched(tmp_path, cifar10, load_sample):
    judged = load(write_files(tmp_path / "study", recorded_example(CATEGORICAL)), CATEGORICAL)
    joined = hmix_hub.join([load_sample(CATEGORICAL), judged])
    assert joined["class_order"][:216] == [None] * 216
    assert joined["class_order"][216:] == judged["class_order"][:]
    parts = hmix_hub.split(joined, by="stimulus")
    assert sum(map(len, parts.values())) == len(joined)
    assert len(hmix_hub.by_stimulus(joined)) > 0
    batch = next(iter(hmix_hub.batches(judged, batch_size=8, targets="soft_label", cifar10=cifar10)))
    assert batch["image"].shape == (8, 3, 32, 32)
    assert len(hmix_hub.JudgmentDataset(judged, targets="soft_label", cifar10=cifar10)) == len(judged)
    assert judged.with_format("torch")[:4]["class_order"] is not None


def test_class_orders_of_other_vocabularies_are_recoded(tmp_path):
    def reversed_classes(files):
        text = files["study.yaml"].decode().replace("classes: cifar10", f"classes: [{', '.join(CIFAR10.names[::-1])}]")
        return files | {"study.yaml": text.replace("id: example-study", "id: other-study").encode()}

    files = recorded_example(CATEGORICAL)
    one = load(write_files(tmp_path / "one", files), CATEGORICAL)
    two = load(write_files(tmp_path / "two", reversed_classes(files)), CATEGORICAL)
    assert two["class_order"][:] != one["class_order"][:]
    joined = hmix_hub.join([one, two])
    assert joined["class_order"][len(one) :] == one["class_order"][:]
