"""Bots among the people: who claims time that did not go by is flagged, and nobody else; the planted bias is found."""

import os

import pytest
from suite.export.studies import study_file, write_study
from suite.simulation.conftest import ASKED

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.simulation.recovery import recover_bias
from hmix_hub.suite.simulation.simulate import simulate
from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import INFER

PEOPLE, BOTS = 12, 4


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """People who come by personal links to a study with questions and an attention check, four bots among them."""
    design = {"pairs": {"per_class_pair": 1}, "batches": 1, "people_per_batch": PEOPLE}
    # No scripted id has this form: who comes with a link needs none.
    more = {"recruiting": {"pattern": "VP-[0-9]{3}", "required": True, "links": "required"}, **ASKED}
    folder = tmp_path_factory.mktemp("bots")
    study = write_study(folder / "study", study_file((INFER,), design=design, **more))
    done = simulate(study, folder / "collection", bots=BOTS, seed=4)
    return done, export_study(folder / "collection", folder / "export")


def flagged(path, name):
    judgments = hmix_hub.load_dataset(os.fspath(path), INFER, split="train")
    pairs = zip(judgments["participant_id"], judgments["flags"], strict=True)
    of_people = {}
    for person, flags in pairs:
        of_people.setdefault(person, set()).add(name in flags)
    return of_people


def test_everybody_comes_by_a_link_of_their_own(made):
    done, _ = made
    assert len(done.parts) == PEOPLE
    with Store.open(done.folder, read_only=True) as store:
        assert sorted(session.link for session in store.sessions()) == list(range(1, PEOPLE + 1))


def test_bots_are_flagged_with_all_their_rows_and_nobody_else(made):
    _, exported = made
    of_people = flagged(exported.path, "time_disagrees")
    assert len(of_people) == PEOPLE
    assert sorted(of_people.values(), key=str) == [{False}] * (PEOPLE - BOTS) + [{True}] * BOTS


def test_validation_names_them_and_nothing_else(made):
    _, exported = made
    report = check_study(Study.open(exported.path))
    bots = {person for person, found in flagged(exported.path, "time_disagrees").items() if found == {True}}
    assert [found.rule.code for found in report.findings] == ["HMX597"]
    assert {spot.value for found in report.findings for spot in found.spots} == bots


def test_without_them_the_planted_bias_is_recovered(made):
    done, exported = made
    judgments = hmix_hub.load_dataset(os.fspath(exported.path), INFER, split="train", exclude_flags="time_disagrees")
    found = recover_bias(judgments, INFER)
    assert found.people == PEOPLE - BOTS
    assert found.holds(done.perception.bias)
