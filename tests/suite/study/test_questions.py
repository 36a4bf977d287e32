"""Questions of a study file: what is asked around the trials, and questionnaires that nobody could answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from suite.study.files import STUDY, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.suite.study.questionnaire import attention_of, exported_value, group_of, questionnaire_of
from hmix_hub.suite.study.questions import AskedQuestion
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.study.rules import advice_on
from hmix_hub.suite.tasks.trial import FaultError
from hmix_hub.yaml_file import plain_yaml

CHOICE = {"name": "screen", "kind": "choice", "question": "Which screen?", "choices": ["Phone", "Laptop", "Other"]}
SEVERAL = {"name": "seen", "kind": "several", "question": "Which of these?", "choices": ["Cats", "Dogs"]}
NUMBER = {"name": "years", "kind": "number", "question": "How many years?", "least": 0, "most": 80}
TEXT = {"name": "remark", "kind": "text", "question": "What did you notice?"}
SCALE = {"name": "ease", "kind": "scale", "question": "How easy was it?", "low": "not at all", "high": "very"}
CHECK = {"name": "check", "kind": "choice", "question": "Please choose blue.", "choices": ["red", "blue"], "answer": 2}


def _read(folder: Path, *questions: dict[str, Any], place: str = "before", **more: Any) -> Any:
    page = {"title": "About this", "questions": list(questions)}
    study = plain_yaml({place: [page], **more}, width=100)
    return read_study_file(write_study(folder, f"{STUDY}\n{study}"))


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a choice of nothing": (CHOICE | {"choices": []}, r"choices: a question of the kind choice requires this key"),
    "a choice of one": (CHOICE | {"choices": ["Phone"]}, "a question requires at least two choices"),
    "the same choice twice": (
        CHOICE | {"choices": ["Phone", "phone"]},
        r"choices\[2\]: 'phone' is already listed \(choice 1",
    ),
    "values for some choices": (CHOICE | {"values": ["a", "b"]}, "2 values for 3 choices"),
    "one value for two choices": (CHOICE | {"values": ["", "a", "a"]}, r"values\[3\]: 'a' is already listed \(value 2"),
    "a mark of the export in a choice": (SEVERAL | {"choices": ["a|b", "c"]}, "give `values` without it"),
    "a right answer that there is not": (CHECK | {"answer": 3}, "answer: 3 does not exist: the choices are 1 to 2"),
    "a check that need not be answered": (CHECK | {"required": False}, "an attention check must be answered"),
    "a check that screens out": (
        CHECK | {"screen_out": [1]},
        "an attention check is only counted and screens nobody out",
    ),
    "a choice that there is not": (CHOICE | {"screen_out": [4]}, r"screen_out\[1\]: 4 does not exist"),
    "nobody who could take part": (CHOICE | {"screen_out": [1, 2, 3]}, "so nobody could take part"),
    "no number between": (NUMBER | {"least": 9, "most": 3}, "no whole number from 9 to 3"),
    "no whole number between": (NUMBER | {"least": 0.2, "most": 0.8}, "no whole number from 0.2 to 0.8"),
    "a right number out of bounds": (NUMBER | {"answer": 81}, "81 cannot be answered: numbers are from 0 to 80"),
    "screening that screens nobody": (NUMBER | {"screen_out_below": 0}, "no number below 0 can be answered"),
    "screening that lets nobody through": (
        NUMBER | {"screen_out_below": 60, "screen_out_above": 50},
        "so nobody could take part",
    ),
    "groups that fall": (NUMBER | {"groups": [30, 20]}, r"groups\[2\]: groups must be in increasing order"),
    "a group that nobody is in": (NUMBER | {"groups": [90]}, "no answer can be in a group from 90"),
    "choices of a number": (
        NUMBER | {"choices": ["a", "b"]},
        "choices: a question of the kind number does not have this key",
    ),
    "a scale without ends": (
        {key: SCALE[key] for key in ("name", "kind", "question")},
        "low: a question of the kind scale",
    ),
    "a scale between the same": (SCALE | {"high": "not at all"}, "both ends of the scale are 'not at all'"),
    "a scale of one step": (SCALE | {"steps": 1}, "greater than or equal to 2"),
    "a column of the export": (CHOICE | {"name": "pointer"}, "the export already has a column pointer"),
    "a column that tells who people are": (NUMBER | {"name": "zip_code"}, "cannot be published"),
    "a column of times of day": (NUMBER | {"name": "start_time"}, "cannot be published"),
    "a name with capitals": (CHOICE | {"name": "Screen"}, "does not match the pattern"),
    "a kind that there is not": (CHOICE | {"kind": "choose"}, "'choice', 'several'"),
    "a key that there is not": (CHOICE | {"chioces": []}, "did you mean 'choices'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_question_that_cannot_be_answered_is_refused_with_its_key(name: str, tmp_path: Path) -> None:
    question, said = FAULTS[name]
    with pytest.raises(StudyFileError, match=said) as told:
        _read(tmp_path, question)
    assert "before[1].questions[1]." in str(told.value)


@pytest.mark.parametrize("question", [CHOICE, SEVERAL, NUMBER, TEXT, SCALE, CHECK])
def test_a_question_of_every_kind_is_taken(question: dict[str, Any], tmp_path: Path) -> None:
    [page] = questionnaire_of(_read(tmp_path, question))
    assert [asked.name for asked in page.questions] == [question["name"]]


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([{"title": "Nothing"}], r"before\[1\]: give questions, or `preset: demographics`"),
        ([{"questions": [CHOICE]}], r"before\[1\]: this page requires a title"),
        ([{"preset": "demographics", "questions": [CHOICE]}], "a preset has its own questions"),
        ([{"preset": "demographics"}] * 2, "two questions are called 'age_group'"),
        ([{"title": "A", "questions": [CHOICE, CHOICE]}], "two questions are called 'screen'"),
    ],
)
def test_a_page_that_is_none_is_refused(pages: list[Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=said):
        read_study_file(write_study(tmp_path, f"{STUDY}\n{plain_yaml({'before': pages}, width=100)}"))


def test_nobody_is_screened_out_after_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="participants cannot be screened out after judging the pictures"):
        _read(tmp_path, CHOICE | {"screen_out": [1]}, place="after")


def test_failures_that_nobody_could_exceed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="nobody could fail more than 1: there are 1 attention checks"):
        _read(tmp_path, CHECK, attention_failures=1)


@pytest.mark.parametrize("name", ["window", "picture", "pixel_ratio", "pointer", "focus"])
def test_what_the_consent_form_does_not_name_is_not_stored(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=rf"consent.text: `surroundings` contains {name}, but the form does not"):
        read_study_file(write_study(tmp_path, f"{STUDY}\nsurroundings: [{name}]\n"))


def test_a_consent_form_that_names_it_in_its_own_language_is_taken(tmp_path: Path) -> None:
    agreed = STUDY.replace("Please take part.", "Wir speichern die Größe Ihres Fensters.")
    words = "words: {recorded_window: die größe ihres Fensters}\nsurroundings: [window]\n"
    assert read_study_file(write_study(tmp_path, f"{agreed}\n{words}")).surroundings == ["window"]


def test_demographics_are_asked_in_the_words_of_the_study_and_exported_in_the_same_way(tmp_path: Path) -> None:
    text = f"{STUDY}\nbefore: [{{preset: demographics}}]\nwords: {{ask_gender: Geschlecht?, gender_woman: Frau}}\n"
    [page] = questionnaire_of(read_study_file(write_study(tmp_path, text)))
    assert page.title == "About you"
    assert [asked.name for asked in page.questions] == ["age_group", "gender", "eyesight", "colour_vision"]
    gender = page.questions[1]
    assert (gender.question, gender.choices[0], exported_value(gender, 1)) == ("Geschlecht?", "Frau", "woman")
    assert exported_value(gender, len(gender.choices)) is None
    assert "answer" not in page.told()["questions"][0]


def test_ages_to_the_year_are_told(tmp_path: Path) -> None:
    study = _read(tmp_path, NUMBER | {"name": "age"})
    assert [advice for advice in advice_on(study) if "groups" in advice]
    study = _read(tmp_path, NUMBER | {"name": "age", "groups": [18, 30, 50]})
    assert not [advice for advice in advice_on(study) if "groups" in advice]


ANSWERS: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    (CHOICE, [1, 3], [None, 0, 4, 1.5, True, "1", [1], {}]),
    (SEVERAL, [[1], [1, 2]], [None, [], [0], [1, 1], [3], 1, ["1"], [None]]),
    (NUMBER, [0, 80, 7], [None, -1, 81, 7.5, True, "7", float("nan"), float("inf"), 10**400]),
    (NUMBER | {"whole": False}, [0.5, 79.9], [80.1, "0.5"]),
    (TEXT | {"longest": 5}, ["Hello", "ok"], [None, "", "Hello!", 7, ["a"]]),
    (SCALE, [1, 5], [None, 0, 6, "1"]),
    (TEXT | {"required": False}, ["Hello"], [7]),
]


@pytest.mark.parametrize(("question", "right", "wrong"), ANSWERS)
def test_answers_are_taken_or_refused(
    question: dict[str, Any], right: list[Any], wrong: list[Any], tmp_path: Path
) -> None:
    [page] = questionnaire_of(_read(tmp_path, question))
    name = question["name"]
    for value in right:
        assert page.read({name: value}) == {name: value}
    for value in wrong:
        with pytest.raises(FaultError, match=name):
            page.read({name: value})
    for given in ({}, {name: right[0], "more": 1}, None, []):
        with pytest.raises(FaultError):
            page.read(given)


def test_what_need_not_be_answered_may_be_left_open(tmp_path: Path) -> None:
    questions = [one | {"required": False} for one in (CHOICE, SEVERAL, NUMBER, TEXT, SCALE)]
    [page] = questionnaire_of(_read(tmp_path, *questions))
    nothing = {asked.name: None for asked in page.questions}
    assert page.read(nothing) == nothing
    assert page.read(nothing | {"seen": [], "remark": ""}) == nothing
    assert not page.screens_out(nothing)


def test_screening_ends_with_the_answers_that_it_names(tmp_path: Path) -> None:
    screening = [
        CHOICE | {"screen_out": [1]},
        SEVERAL | {"screen_out": [2]},
        NUMBER | {"screen_out_below": 18, "screen_out_above": 65},
        SCALE | {"screen_out": [1, 2]},
    ]
    [page] = questionnaire_of(_read(tmp_path, *screening))
    stays = {"screen": 2, "seen": [1], "years": 18, "ease": 3}
    assert not page.screens_out(stays)
    for answer in ({"screen": 1}, {"seen": [1, 2]}, {"years": 17}, {"years": 66}, {"ease": 2}):
        assert page.screens_out(stays | answer)


def test_attention_checks_are_counted_over_all_pages(tmp_path: Path) -> None:
    sum_of = {"name": "sum_of", "kind": "number", "question": "What is 2 + 3?", "answer": 5}
    [page] = questionnaire_of(_read(tmp_path, CHECK, sum_of, CHOICE))
    assert attention_of((page,), {}) == (0, 0)
    assert attention_of((page,), {0: {"check": 2, "sum_of": 5, "screen": 1}}) == (2, 0)
    assert attention_of((page,), {0: {"check": 1, "sum_of": 5, "screen": 1}}) == (2, 1)


@pytest.mark.parametrize(
    ("value", "group"),
    [(17, "under 18"), (18, "18-24"), (24, "18-24"), (25, "25"), (26, "26 and over"), (99, "26 and over")],
)
def test_a_number_is_exported_as_its_group(value: int, group: str) -> None:
    asked = AskedQuestion.model_validate(NUMBER | {"groups": [18, 25, 26]})
    assert exported_value(asked, value) == group


def test_groups_of_numbers_that_are_not_whole_touch() -> None:
    asked = AskedQuestion.model_validate(NUMBER | {"whole": False, "groups": [0.5, 1.5]})
    assert [group_of(asked, value) for value in (0.4, 0.5, 1.4, 1.5)] == [
        "under 0.5",
        "0.5 to under 1.5",
        "0.5 to under 1.5",
        "1.5 and over",
    ]
