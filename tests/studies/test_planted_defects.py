"""Planted defects: one of each rule, anywhere in any valid study, is found as what it is, where it is, and alone."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from study_generator.planters import PLANTERS
from study_generator.studies import studies

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.catalogue import catalogue
from hmix_hub.studies.rules.rule import Severity
from hmix_hub.studies.study import Study

# To shrink a study takes long, and says no more than its report.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def test_every_rule_has_a_planter():
    assert sorted(PLANTERS) == sorted(catalogue())


@pytest.mark.parametrize("code", sorted(PLANTERS))
def test_a_planted_defect_is_found_alone_and_in_its_row(code, put):
    planter = PLANTERS[code]

    @settings(max_examples=planter.examples, phases=_PHASES, suppress_health_check=list(HealthCheck))
    @given(study=studies(**planter.needs), seed=st.integers(0, 2**32 - 1))
    def check(study, seed):
        rows = planter.plant(study, random.Random(seed))
        folder = put(study)
        report = check_study(Study.open(folder, **planter.options))
        told = [*report, *(found for found in scan_privacy(Study.open(folder)) if not report.has(found.rule))]
        errors = {found.rule.code for found in told if found.rule.severity is Severity.ERROR}
        assert errors <= {code}, report.as_dict()
        spots = [spot for found in told if found.rule.code == code for spot in found.spots]
        assert spots, "the rule is about rows, and names none"
        if rows is not None:
            assert [spot.row for spot in spots] == rows

    check()
