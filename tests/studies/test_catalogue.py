"""The catalogue: every rule has an example that breaks it, and it alone, and one that keeps it."""

from __future__ import annotations

import re

import pytest

from hmix_hub.errors import HMixError
from hmix_hub.studies.catalogue import catalogue
from hmix_hub.studies.rules.rule import Severity

RULES = list(catalogue().values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_the_failing_example_breaks_the_rule_and_no_other(rule, check):
    example = rule.example
    report = check(example.failing.apply, example.task, is_draft=rule.name == "unfinished-draft")
    assert [found.rule.code for found in report] == [rule.code], report.as_dict()
    if example.failing.rows:
        assert [spot.row for found in report for spot in found.spots] == list(example.failing.rows)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_the_passing_example_keeps_every_rule(rule, check):
    assert check(rule.example.passing.apply, rule.example.task).as_dict()["findings"] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_is_wrong_and_what_to_do(rule):
    assert re.fullmatch(r"HMX\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.severity in set(Severity)
    for text in (rule.meaning, rule.fix):
        assert text[0].islower() or text.startswith(("`", "study.yaml", "JSON", "CSV"))
        assert not text.endswith(".")


def test_codes_and_names_are_unique_and_no_error_has_a_rules_code():
    assert len({rule.name for rule in RULES}) == len(RULES) >= 60
    errors = {kind.code for kind in every_error(HMixError)}
    assert errors.isdisjoint(catalogue())


def every_error(kind):
    return {kind} | {below for own in kind.__subclasses__() for below in every_error(own)}
