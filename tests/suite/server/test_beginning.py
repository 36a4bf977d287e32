from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from suite_maker import study_content

from hmix_hub.errors import CollectionError, StudyFileError
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.server.serving import for_preview
from hmix_hub.suite.store.errors import StoreError

INFER = "infer_mixing_factor"


def write_study(folder: Path, content: dict[str, Any]) -> None:
    (folder / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def test_the_first_time_freezes_and_later_ones_go_on(tmp_path: Path) -> None:
    write_study(tmp_path, study_content(INFER))
    store, image_set = begin_collection(tmp_path)
    first = store.frozen
    store.close()
    assert (first.image_set, first.pictures) == (image_set.name, image_set.fingerprint)
    again, same = begin_collection(tmp_path)
    again.close()
    assert (again.frozen, same) == (first, image_set)
    assert not again.is_synthetic


def changed(path: str, value: Any) -> dict[str, Any]:
    """Give the study with one value changed; `path` with dots, numbers from 0."""
    content: Any = study_content(INFER)
    *parents, last = path.split(".")
    place = content
    for part in parents:
        place = place[int(part) if part.isdigit() else part]
    place[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("title", "Others", "title is 'Others', was 'Mixed pictures'"),
        ("consent.text", "I agree to all.", "consent.text is 'I agree to all.', was "),
        (f"tasks.{INFER}.people_per_batch", 4, f"tasks.{INFER}.people_per_batch is 4, was 3"),
        (f"tasks.{INFER}.repeats", [1], f"tasks.{INFER}.repeats is a list of 1, was a list of 2"),
        (f"tasks.{INFER}.instructions.1.text", "Now.", f"tasks.{INFER}.instructions[2].text is 'Now.', was 'Answer.'"),
        ("comments", None, "comments is not there, was 'Anything to tell?'"),
    ],
)
def test_a_study_file_that_was_changed_is_refused_with_what_differs(
    tmp_path: Path, path: str, value: Any, told: str
) -> None:
    write_study(tmp_path, study_content(INFER))
    begin_collection(tmp_path)[0].close()
    content = changed(path, value)
    write_study(tmp_path, {name: part for name, part in content.items() if part is not None})
    with pytest.raises(CollectionError, match="was changed after collection began") as refused:
        begin_collection(tmp_path)
    assert told in refused.value.message
    assert "change it back" in (refused.value.hint or "")
    write_study(tmp_path, study_content(INFER))
    begin_collection(tmp_path)[0].close()


def test_comments_and_order_of_the_file_may_change(tmp_path: Path) -> None:
    write_study(tmp_path, study_content(INFER))
    begin_collection(tmp_path)[0].close()
    text = yaml.safe_dump(study_content(INFER), sort_keys=True)
    (tmp_path / "study.yaml").write_text(f"# A note.\n{text}", encoding="utf-8")
    begin_collection(tmp_path)[0].close()


def test_what_is_still_to_be_written_is_for_trial_runs_alone(tmp_path: Path) -> None:
    write_study(tmp_path, changed("consent.text", "TODO"))
    with pytest.raises(StudyFileError, match="still to be written"):
        begin_collection(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["study.yaml"]
    store, _ = begin_collection(tmp_path, trial_run=True)
    store.close()
    assert store.is_synthetic
    store, _ = begin_collection(tmp_path, trial_run=True)
    store.close()


@pytest.mark.parametrize("began", [True, False])
def test_a_trial_run_never_becomes_data_nor_data_a_trial_run(tmp_path: Path, began: bool) -> None:
    write_study(tmp_path, study_content(INFER))
    begin_collection(tmp_path, trial_run=began)[0].close()
    with pytest.raises(CollectionError, match="began as") as refused:
        begin_collection(tmp_path, trial_run=not began)
    assert "new folder" in (refused.value.hint or "")


def test_an_impossible_design_and_a_missing_key_leave_nothing_half_begun(tmp_path: Path) -> None:
    write_study(tmp_path, changed(f"tasks.{INFER}.batch_size", 5000))
    with pytest.raises(StudyFileError):
        begin_collection(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["study.yaml"]
    write_study(tmp_path, study_content(INFER))
    begin_collection(tmp_path)[0].close()
    (tmp_path / "collection.key").unlink()
    with pytest.raises(StoreError, match="key"):
        begin_collection(tmp_path)


def test_a_preview_has_room_for_everybody_and_asks_for_no_recruiting_id(tmp_path: Path) -> None:
    write_study(tmp_path, study_content(INFER, recruiting={"required": True}))
    store, _ = begin_collection(tmp_path)
    store.close()
    shown = for_preview(store.frozen)
    assert not shown.study.recruiting.required
    assert min(batch.quota for batch in shown.batches) > 1000
    assert [batch.stimuli for batch in shown.batches] == [batch.stimuli for batch in store.frozen.batches]
