from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from suite_maker import study_content

from hmix_hub.errors import CollectionError, StudyFileError
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.server.serving import for_preview
from hmix_hub.suite.store.database import StoreError
from hmix_hub.suite.study.reading import read_study_file

INFER = "infer_mixing_factor"


def write_study(folder: Path, content: dict[str, Any]) -> None:
    (folder / "collection.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


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
    """Return the study with one value changed; `path` with dots, numbers from 0."""
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
        ("comments", None, "comments is absent, was 'Anything to tell?'"),
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
    assert "undo" in (refused.value.hint or "")
    write_study(tmp_path, study_content(INFER))
    begin_collection(tmp_path)[0].close()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (f"{'a' * 200} one", f"{'a' * 200} two", "is … 'aaaaaaaaa two', was … 'aaaaaaaaa one'"),
        (f"one {'a' * 200}", f"two {'a' * 200}", f"is 'two {'a' * 56}' …, was 'one {'a' * 56}' …"),
        ("a" * 200, "a" * 201, f"is … '{'a' * 11}', was … '{'a' * 10}'"),
        ("short", f"short{' and long' * 20}", f"is 'short{(' and long' * 7)[:55]}' …, was 'short'"),
    ],
)
def test_of_long_texts_the_part_that_differs_is_told(tmp_path: Path, before: str, after: str, told: str) -> None:
    write_study(tmp_path, changed("consent.text", before))
    begin_collection(tmp_path)[0].close()
    write_study(tmp_path, changed("consent.text", after))
    with pytest.raises(CollectionError) as refused:
        begin_collection(tmp_path)
    assert refused.value.message.endswith(f"consent.text {told}")


def with_list(folder: Path, text: str) -> None:
    content = study_content(INFER, design={"pairs": {"file": "pairs.csv"}, "batch_size": 3, "repeats": [1]})
    write_study(folder, content)
    (folder / "pairs.csv").write_bytes(text.encode())


PAIRS = "image_1_index,image_2_index\n0,3\n17,10\n6,9\n"


def test_a_list_of_pairs_that_was_changed_is_refused_by_its_name(tmp_path: Path) -> None:
    with_list(tmp_path, PAIRS)
    begin_collection(tmp_path)[0].close()
    with_list(tmp_path, PAIRS.replace("17,10", "13,2"))
    with pytest.raises(CollectionError, match=r"the list of pairs pairs\.csv was changed after collection began"):
        begin_collection(tmp_path)
    # A spreadsheet that saves the same list otherwise changes nothing.
    with_list(tmp_path, f"\ufeff{PAIRS}".replace("\n", "\r\n"))
    begin_collection(tmp_path)[0].close()


def test_a_frozen_study_is_written_and_read_with_its_lists(tmp_path: Path) -> None:
    with_list(tmp_path, PAIRS)
    frozen, _ = draw_design(tmp_path, read_study_file(tmp_path))
    without = replace(frozen, lists=())
    assert [FrozenStudy.from_json(one.to_json()) for one in (frozen, without)] == [frozen, without]
    assert frozen.sha256 != without.sha256


def test_comments_and_order_of_the_file_may_change(tmp_path: Path) -> None:
    write_study(tmp_path, study_content(INFER))
    begin_collection(tmp_path)[0].close()
    text = yaml.safe_dump(study_content(INFER), sort_keys=True)
    (tmp_path / "collection.yaml").write_text(f"# A note.\n{text}", encoding="utf-8")
    begin_collection(tmp_path)[0].close()


def test_what_is_still_to_be_written_is_for_trial_runs_alone(tmp_path: Path) -> None:
    write_study(tmp_path, changed("consent.text", "TODO"))
    with pytest.raises(StudyFileError, match="must still be replaced"):
        begin_collection(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["collection.yaml"]
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
    assert [file.name for file in tmp_path.iterdir()] == ["collection.yaml"]
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
