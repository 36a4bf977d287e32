"""Amendments in the store: who comes later has another version, and turns go on as if nothing had changed."""

from __future__ import annotations

import pytest
from suite.store.small_study import join
from suite_maker import frozen_study

from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.store.database import StoreRefusedError
from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import INFER


def with_people(study, number):
    """Return a study file that wants so many people for each batch of its task."""
    return study.model_copy(
        update={"tasks": {INFER: study.tasks[INFER].model_copy(update={"people_per_batch": number})}}
    )


def test_a_session_has_the_version_that_holds_when_it_begins(make_store):
    store = make_store(9)
    join(store, 1)
    for number in (1, 2):
        made = store.amend(store.frozen.study, ["title"]).result()
        assert (made.number, store.frozen.version) == (number, number)
        join(store, 1 + number)
    assert [session.amendment for session in store.sessions()] == [0, 1, 2]
    assert [store.versions.of(version).version for version in range(3)] == [0, 1, 2]
    store.check_integrity()


def test_sides_go_on_taking_turns():
    began = frozen_study(INFER, quota=3)
    amended = began.amended(with_people(began.study, 8), 1)
    assert {batch.quota for batch in amended.batches} == {8}
    for batch, later in zip(began.batches, amended.batches, strict=True):
        plans = [draw_plan(began, batch, number, 5) for number in range(3)]
        assert [draw_plan(amended, later, number, 5) for number in range(3)] == plans
        sides = [draw_plan(amended, later, number, 5).trials[0].image_1_side for number in range(8)]
        assert len({sides.count(side) for side in set(sides)}) == 1


def test_places_that_personal_links_keep_are_not_taken_away(make_store):
    store = make_store(5)
    join(store, 1)
    store.issue_links(3).result()
    with pytest.raises(StoreRefusedError, match="personal links reserve 1 more places than there would be"):
        store.amend(with_people(store.frozen.study, 3), []).result()
    store.amend(with_people(store.frozen.study, 4), []).result()
    assert [count.quota for count in store.counts()] == [4]


def test_who_only_looks_sees_what_is_amended_meanwhile(make_store):
    store = make_store(2)
    with Store.open(store.folder, read_only=True) as looking:
        assert [count.quota for count in looking.counts()] == [2]
        store.amend(with_people(store.frozen.study, 7), [f"tasks.{INFER}.people_per_batch"]).result()
        assert [count.quota for count in looking.counts()] == [7]
    assert store.versions.amendments[0].changed == (f"tasks.{INFER}.people_per_batch",)


def test_versions_are_there_again_after_a_restart(make_store, reopen):
    store = make_store(2)
    join(store, 1)
    store.amend(with_people(store.frozen.study, 7), ["a", "b"]).result()
    again = reopen(store)
    assert again.frozen == store.frozen
    assert again.versions.amendments == store.versions.amendments
    assert again.frozen_sha256 == store.frozen_sha256
    again.check_integrity()
