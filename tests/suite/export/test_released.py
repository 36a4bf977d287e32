"""The released layout: the release's own readers take it, and read the same judgments."""

import hashlib
import json
import math
from itertools import cycle

import pytest
from suite.export.collected import collecting
from suite.export.studies import frozen_study

import hmix_hub
from hmix_hub.builders.readers import read_released
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.importer import import_raw
from hmix_hub.errors import ConfigurationError
from hmix_hub.judgments.migration import LOSSES, migrate
from hmix_hub.judgments.released import Provenance
from hmix_hub.schema import CURRENT, RELEASED
from hmix_hub.sources import JUDGMENT_FILES
from hmix_hub.sources.cifar10 import known_labels
from hmix_hub.sources.source import Folder
from hmix_hub.sources.study import SourceFile
from hmix_hub.sources.study import Study as ReleasedStudy
from hmix_hub.studies.study import Study
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.export.layouts import export_released, export_study
from hmix_hub.suite.starter import write_collection
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.tasks import INFER, RELEASED_FORMS, columns

LOST = LOSSES[CURRENT, RELEASED]
ROUNDED = {"inferred_coefficient", "confidence", "top_probability", "second_probability"}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A collection over CIFAR-10's test set, exported as a study folder and in the released layout."""
    root = tmp_path_factory.mktemp("released")
    frozen = frozen_study(tuple(RELEASED_FORMS), image_set="cifar10/test", labels=known_labels(), batches=2)
    with collecting(root / "collection", frozen) as collection:
        collection.fill()
        return export_study(collection.folder, root / "study"), export_released(collection.folder, root / "released")


@pytest.fixture
def judgments(exports, task):
    return hmix_hub.load_dataset(str(exports[0].path), task, split="train").to_list()


def assert_same(found, expected):
    assert len(found) == len(expected)
    for row, original in zip(found, expected, strict=True):
        for name, value in original.items():
            if name in ROUNDED and value is not None:
                assert math.isclose(row[name], value, rel_tol=0, abs_tol=1e-12), name
            elif name not in LOST:
                assert row[name] == value, name


def test_what_is_lost_is_what_the_migration_lists(exports, task, judgments):
    found = read_released(exports[1].path / JUDGMENT_FILES[task], task)
    provenance = Provenance("small-study", source_file=f"judgments/{task}.csv")
    table = migrate(found, task, start=RELEASED, target=CURRENT, provenance=provenance).to_pylist()
    assert_same(table, judgments)
    came_later = [column.name for column in columns(task) if column.since]
    assert all(row[name] is None for row in table for name in came_later)
    # Computed again, from all rows: the same.
    for name in ("batch_id", "presentation", "study_id", "collection_round", "image_set", "source_row"):
        assert [row[name] for row in table] == [row[name] for row in judgments]


def test_the_dataset_reads_it_as_it_reads_the_release(exports, task, judgments):
    folder = exports[1].path
    files = {}
    for name in JUDGMENT_FILES.values():
        content = (folder / name).read_bytes()
        files[name] = SourceFile(name, len(content), hashlib.sha256(content).hexdigest())
    source = Folder(ReleasedStudy("small-study", "a small study", "cifar10/test", files), folder)
    assert_same(hmix_hub.load_dataset("h-mix", task, split="train", source=source).to_list(), judgments)


def test_contribute_import_takes_it(exports, tmp_path):
    folder = exports[1].path
    imported = import_raw([folder / name for name in JUDGMENT_FILES.values()], tmp_path / "imported")
    assert imported.files == {f"judgments/{task}.csv": 4 * 14 for task in RELEASED_FORMS}
    assert not imported.outcome.dropped


def test_the_headers_are_the_releases(exports, release):
    for name in JUDGMENT_FILES.values():
        ours, theirs = ((place / name).read_bytes().split(b"\n", 1)[0] for place in (exports[1].path, release))
        assert ours == theirs


def test_ids_of_platforms_and_the_session_clock_stay_empty(exports, task):
    table = read_released(exports[1].path / JUDGMENT_FILES[task], task)
    text = (exports[1].path / JUDGMENT_FILES[task]).read_text(encoding="utf-8")
    assert table["time_elapsed"].null_count == table["study_id"].null_count == table.num_rows
    assert "http" not in text


def test_picture_ids_are_floats_and_answers_json(exports):
    with (exports[1].path / JUDGMENT_FILES[INFER]).open(encoding="utf-8") as stream:
        names, first = (stream.readline().rstrip("\n") for _ in range(2))
    assert names.startswith(",index,trial_type,")
    assert first.startswith("0,,multiple-slider,")
    assert '"{""mixingcoeff"":' in first
    assert first.endswith(".png")
    assert ".0," in first


def test_a_study_of_the_papers_design_reads_as_the_release_does(cifar10, tmp_path):
    folder = tmp_path / "paper"
    write_collection(folder, preset="paper-2023")
    frozen, _ = draw_design(folder, read_study_file(folder, allow_placeholders=True), cifar10)
    with collecting(folder, frozen, is_synthetic=True) as collection:
        for task in RELEASED_FORMS:
            collection.take_part(task)
        study = export_study(folder, tmp_path / "study")
        released = export_released(folder, tmp_path / "released")
    assert check_study(Study.open(study.path)).findings == []
    # Trials and repeats of the paper.
    assert list(released.judgments.values()) == [32, 32, 62, 27]
    for task in RELEASED_FORMS:
        table = read_released(released.path / JUDGMENT_FILES[task], task)
        provenance = Provenance(frozen.study.id, source_file=f"judgments/{task}.csv")
        found = migrate(table, task, start=RELEASED, target=CURRENT, provenance=provenance).to_pylist()
        assert_same(found, hmix_hub.load_dataset(str(study.path), task, split="train").to_list())


def untouched(payload, *, share: bool, confidence: bool):
    """Return an answer to infer_mixing_factor with sliders left as they were; true: touched."""
    answer = dict(payload["answer"], touched=[share, confidence])
    for name, is_touched in (("share", share), ("confidence", confidence)):
        answer |= {} if is_touched else {name: None, f"{name}_path": []}
    return dict(payload, answer=answer)


def test_untouched_sliders_are_flagged_and_have_no_confidence(tmp_path):
    frozen = frozen_study((INFER,), image_set="cifar10/test", labels=known_labels(), design={"must_touch": False})
    touched = [(True, True), (False, True), (True, False), (False, False)]
    with collecting(tmp_path / "collection", frozen) as collection:
        session = collection.join()
        for (index, payload), (share, confidence) in zip(collection.payloads(session).items(), cycle(touched)):
            sent = json.dumps(untouched(payload, share=share, confidence=confidence))
            collection.store.put_trial(session.id, index, sent, fault=None).result()
        collection.store.finish(session.id).result()
        study = export_study(collection.folder, tmp_path / "study")
        released = export_released(collection.folder, tmp_path / "released")
    assert [finding for finding in check_study(Study.open(study.path)).findings if finding.rule.id == "HMX576"] == []
    rows = hmix_hub.load_dataset(str(study.path), INFER, split="train").to_list()
    assert len(rows) == 14
    for row, (share, confidence) in zip(rows, cycle(touched)):
        assert (row["inferred_touched"], row["confidence_touched"]) == (share, confidence)
        assert ("untouched_sliders" in row["flags"]) == (not share)
        assert (row["confidence"] is None) == (not confidence)
        assert share or row["inferred_coefficient"] == 0.5
    table = read_released(released.path / JUDGMENT_FILES[INFER], INFER)
    read = migrate(table, INFER, start=RELEASED, target=CURRENT, provenance=Provenance("small-study")).to_pylist()
    for row, (share, confidence) in zip(read, cycle(touched)):
        # What was touched is lost; where both sliders stand at 50, as in the release, the flag is found again.
        assert ("untouched_sliders" in row["flags"]) == (not share and not confidence)
        assert (row["confidence"] is None) == (share and not confidence)


@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        ({"source": "sample/pictures"}, "sample/pictures"),
        ({"source": "cifar10/test", "classes": ["cat", "dog"]}, "dog"),
    ],
)
def test_a_study_of_other_pictures_or_classes_cannot_be_said(tmp_path, pictures, said):
    frozen = frozen_study((INFER,), image_set=pictures["source"], labels=known_labels() % 2, pictures=pictures)
    with collecting(tmp_path / "collection", frozen) as collection:
        with pytest.raises(ConfigurationError, match=said) as refused:
            export_released(collection.folder, tmp_path / "released")
        assert "--layout released" in refused.value.hint
    assert not (tmp_path / "released").exists()


def test_the_released_layout_of_a_trial_run_is_marked_and_imported_as_synthetic(tmp_path):
    frozen = frozen_study((INFER,), image_set="cifar10/test", labels=known_labels())
    with collecting(tmp_path / "collection", frozen, is_synthetic=True) as collection:
        collection.take_part()
        released = export_released(collection.folder, tmp_path / "released")
    file = released.path / JUDGMENT_FILES[INFER]
    table = read_released(file, INFER)
    assert set(table["synthetic"].to_pylist()) == {True}
    read = migrate(table, INFER, start=RELEASED, target=CURRENT, provenance=Provenance("small-study"))
    assert all("synthetic" in flags for flags in read["flags"].to_pylist())
    import_raw([file], tmp_path / "study")
    assert "synthetic: true" in (tmp_path / "study" / "study.yaml").read_text(encoding="utf-8")
    judgments = hmix_hub.load_dataset(tmp_path / "study", INFER, split="train")
    assert all("synthetic" in flags for flags in judgments["flags"])
