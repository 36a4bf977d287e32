"""Recruiting: what is an id, of whom, and what is none; and what people get who do not come to the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hmix_hub.suite.study.recruiting import PLATFORMS, Completion, Recruiting, outcome_of

PLACEHOLDERS = """
    {{%PROLIFIC_PID%}} ${e://Field/PROLIFIC_PID} ASSIGNMENT_ID_NOT_AVAILABLE %7B%7B%25PROLIFIC_PID%25%7D%7D
    %SURVEY_CODE% [PROLIFIC_PID] {PROLIFIC_PID} <PROLIFIC_PID> [%PROLIFIC_PID%] $PROLIFIC_PID undefined null None
    PROLIFIC_PID YOUR_ID [[PROLIFIC_PID]] XXXX %PROLIFIC_PID%
""".split()


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_a_placeholder_is_no_id_of_any_platform(platform, text):
    assert Recruiting(platform=platform).id_of(text) is None


@pytest.mark.parametrize(
    ("platform", "good", "bad"),
    [
        ("prolific", "5f3c9e8ab1d2c34e5f607182", "5F3C9E8AB1D2C34E5F607182"),
        ("mturk", "A1B2C3D4E5F6G7", "B1B2C3D4E5F6G7"),
        ("sona", "12345", "12345a"),
        ("cloudresearch", "0A" * 16, "0A" * 15),
        ("none", "somebody-4711@example.org", "some body"),
    ],
)
def test_an_id_has_the_form_of_its_platform(platform, good, bad):
    recruiting = Recruiting(platform=platform)
    assert (recruiting.id_of(f" {good} "), recruiting.id_of(bad), recruiting.id_of("")) == (good, None, None)


def test_a_platform_has_a_parameter_of_its_own_unless_another_is_given():
    assert [Recruiting(platform=name).parameter for name in PLATFORMS] == [
        platform.parameter for platform in PLATFORMS.values()
    ]
    assert Recruiting(platform="mturk", parameter="who").parameter == "who"
    assert Recruiting().parameter == "PROLIFIC_PID"


def test_a_form_of_one_s_own():
    assert Recruiting(pattern="VP-[0-9]{3}").id_of("VP-007") == "VP-007"
    assert Recruiting(pattern="VP-[0-9]{3}").id_of("VP-0071") is None


def test_a_pattern_takes_time_that_grows_with_the_id_alone():
    assert Recruiting(pattern="(a+)+").id_of("a" * 200 + "!") is None


@given(st.text(max_size=300))
def test_no_text_breaks_it(text):
    found = Recruiting().id_of(text)
    assert found is None or found == text.strip()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"platform": "prolific", "pattern": "[0-9]+"}, "known"),
        ({"pattern": "["}, "not a regular expression"),
        ({"allow_list": "../ids.csv"}, "not a plain path"),
        ({"links": "sometimes"}, "off"),
        ({"platform": "facebook"}, "prolific"),
    ],
)
def test_what_makes_no_sense_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        Recruiting.model_validate(given)


def test_an_outcome_has_its_code_in_its_address():
    completion = Completion.model_validate({"failed": {"code": "F1", "url": "https://example.org/?c={code}"}})
    assert outcome_of("failed_quiz", completion) == {"code": "F1", "url": "https://example.org/?c=F1"}
    assert outcome_of("full", completion) is None
    with pytest.raises(ValidationError, match="give the code, the url or both"):
        Completion.model_validate({"full": {}})
