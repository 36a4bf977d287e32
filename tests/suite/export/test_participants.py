"""participants.csv of an export: what people answered, and nothing by which one of them is found."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from suite.export.collected import Collection, collecting
from suite.export.studies import frozen_study

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.gathering import write_comments
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.export.participants import AboutPerson, inattentive_people, participant_table
from hmix_hub.tasks import INFER

CHECK = {"name": "check", "kind": "choice", "question": "Choose blue.", "choices": ["red", "blue"], "answer": 2}
SEEN = {
    "name": "seen",
    "kind": "several",
    "question": "Which?",
    "choices": ["cats", "dogs", "frogs"],
    "required": False,
}
HOURS = {"name": "screen_hours", "kind": "number", "question": "How many hours?", "groups": [2, 5]}
EASE = {"name": "ease", "kind": "scale", "question": "How easy?", "low": "not at all", "high": "very"}
REMARK = {"name": "remark", "kind": "text", "question": "What was hard?", "required": False}
ASKED: dict[str, Any] = {
    "before": [{"preset": "demographics"}, {"title": "One more", "questions": [CHECK, SEEN]}],
    "after": [{"title": "Looking back", "questions": [HOURS, EASE, REMARK]}],
    "surroundings": ["pixel_ratio", "pointer"],
}
ABOUT = {"age_group": 1, "gender": 1, "eyesight": 1, "colour_vision": 2}


def _take_part(made: Collection, **answers: Any) -> str:
    """Let somebody answer all questions and trials; gives their id in exports."""
    session = made.join()
    given = ABOUT | {"check": 2, "seen": [1, 3], "screen_hours": 3, "ease": 4, "remark": None} | answers
    for page in made.frozen.questionnaire:
        payload = json.dumps(page.read({asked.name: given[asked.name] for asked in page.questions}))
        made.store.put_reply(session.id, page.number, payload, passed=None, screened_out=False).result()
    made.store.put_surroundings(session.id, json.dumps({"pixel_ratio": 1.25, "pointer": "fine"})).result()
    made.answer(session)
    assert made.store.finish(session.id).result() == []
    return made.participant(session)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[str]]:
    """The export of eight people, two of whom others could find: one by age, one by gender and age."""
    root = tmp_path_factory.mktemp("asked")
    frozen = frozen_study((INFER,), design={"people_per_batch": 8}, **ASKED)
    with collecting(root / "collection", frozen) as made:
        people = [_take_part(made) for _ in range(5)]
        people += [_take_part(made, age_group=6), _take_part(made, age_group=2, gender=3)]
        people.append(_take_part(made, age_group=7, check=1, seen=[], screen_hours=0, remark="The frogs, à mon avis."))
        done = export_study(made.folder, root / "export")
        texts = root / "texts.jsonl"
        assert write_comments(made.folder, texts) == 1
    return done, people


def _rows(done: Any) -> dict[str, dict[str, str]]:
    with (done.path / "participants.csv").open(newline="", encoding="utf-8") as stream:
        return {row["participant_id"]: row for row in csv.DictReader(stream)}


def test_there_is_a_row_for_everybody_sorted_by_id_with_what_was_answered(exported: Any) -> None:
    done, people = exported
    rows = _rows(done)
    assert list(rows) == sorted(people)
    assert rows[people[0]] == {
        "participant_id": people[0],
        "age_group": "18-24",
        "gender": "woman",
        "eyesight": "normal or corrected",
        "colour_vision": "no deficiency",
        "seen": "cats|frogs",
        "screen_hours": "2-4",
        "ease": "4",
        "attention_checks": "1",
        "attention_failed": "0",
        "pixel_ratio": "1.25",
        "pointer": "fine",
    }


def test_what_was_not_said_is_empty_and_failed_checks_are_counted(exported: Any) -> None:
    done, people = exported
    last = _rows(done)[people[-1]]
    assert (last["age_group"], last["seen"], last["screen_hours"]) == ("", "", "under 2")
    assert (last["attention_checks"], last["attention_failed"]) == ("1", "1")


def test_demographics_that_fewer_than_five_share_are_left_out(exported: Any) -> None:
    done, _ = exported
    told = Counter((row["age_group"], row["gender"]) for row in _rows(done).values())
    assert done.hidden == 2
    assert told == {("18-24", "woman"): 5, ("", "woman"): 1, ("", ""): 2}


def test_it_is_a_valid_contribution_in_which_nobody_is_found(exported: Any) -> None:
    done, _ = exported
    assert check_study(Study.open(done.path)).findings == []
    assert scan_privacy(Study.open(done.path)).findings == []


def test_rows_of_who_failed_too_many_attention_checks_are_flagged(exported: Any) -> None:
    done, people = exported
    loaded: Any = hmix_hub.load_dataset(str(done.path), INFER, split="train")
    flagged = {row["participant_id"] for row in loaded if "failed_attention" in row["flags"]}
    assert flagged == {people[-1]}
    assert sum("failed_attention" in flags for flags in loaded["flags"]) == 14


def test_failures_that_the_study_allows_are_no_flag() -> None:
    frozen = frozen_study((INFER,), before=[{"title": "One", "questions": [CHECK, CHECK | {"name": "other"}]}])
    failed = {"one": AboutPerson({0: {"check": 1, "other": 2}}), "both": AboutPerson({0: {"check": 1, "other": 1}})}
    assert inattentive_people(frozen, failed) == {"one", "both"}
    lenient = replace(frozen, study=frozen.study.model_copy(update={"attention_failures": 1}))
    assert inattentive_people(lenient, failed) == {"both"}


def test_lost_focus_is_in_the_rows_where_the_study_asked_for_it(tmp_path: Path) -> None:
    with collecting(tmp_path / "collection", frozen_study((INFER,), surroundings=["focus"])) as made:
        session = made.join()
        for index, payload in made.payloads(session).items():
            watched = payload | {"focus": [index % 2, 12.5 * (index % 2)]}
            made.store.put_trial(session.id, index, json.dumps(watched), fault=None).result()
        assert made.store.finish(session.id).result() == []
        done = export_study(made.folder, tmp_path / "export")
    assert check_study(Study.open(done.path)).findings == []
    loaded: Any = hmix_hub.load_dataset(str(done.path), INFER, split="train")
    found = {(row["trial_index"] % 2, row["focus_losses"], row["focus_lost_ms"]) for row in loaded}
    assert found == {(0, 0, 0.0), (1, 1, 12.5)}


def test_texts_of_people_are_beside_it_and_not_in_it(exported: Any) -> None:
    done, people = exported
    inside = b"".join(file.read_bytes() for file in done.path.rglob("*") if file.is_file())
    assert "à mon avis".encode() not in inside
    [line] = (done.path.parent / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    wanted = {"participant_id": people[-1], "task": INFER, "question": "remark", "text": "The frogs, à mon avis."}
    assert json.loads(line) == wanted


def test_the_notes_say_what_each_column_was_asked_with(exported: Any) -> None:
    notes = (exported[0].path / "NOTES.md").read_text(encoding="utf-8")
    assert (
        "| gender | What is your gender? | woman: Woman; man: Man; other: Non-binary or another gender; empty: I"
        in notes
    )
    assert "| seen | Which? | any of cats; dogs; frogs |" in notes
    assert "| attention_checks | Choose blue. | number of attention checks answered |" in notes
    assert "remark" not in notes
    assert "window_width" not in notes


def test_a_study_without_questions_has_no_participants_csv(tmp_path: Path) -> None:
    with collecting(tmp_path / "collection", frozen_study((INFER,))) as made:
        made.take_part()
        done = export_study(made.folder, tmp_path / "export")
    assert (done.hidden, sorted(file.name for file in done.path.iterdir())) == (None, ["judgments", "study.yaml"])


AGES, GENDERS = st.integers(1, 7), st.integers(1, 4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(AGES, GENDERS), min_size=1, max_size=30), st.integers(1, 6))
def test_no_combination_is_left_that_fewer_share(answers: list[tuple[int, int]], k: int) -> None:
    frozen = frozen_study((INFER,), before=[{"preset": "demographics"}])
    people = {
        f"p{number:02}": AboutPerson({0: ABOUT | {"age_group": age, "gender": gender}})
        for number, (age, gender) in enumerate(answers)
    }
    table = participant_table(frozen, people, k=k)
    assert table is not None
    ages, genders = table.columns["age_group"], table.columns["gender"]
    told = list(zip(ages, genders, strict=True))
    for age, gender in told:
        alike = [one for one in told if (age is None or one[0] == age) and (gender is None or one[1] == gender)]
        assert len(alike) >= k or (age, gender) == (None, None)
    whole = participant_table(frozen, people, k=1)
    assert whole is not None
    assert whole.hidden == 0
    assert all(value in {None, full} for value, full in zip(genders, whole.columns["gender"], strict=True))
