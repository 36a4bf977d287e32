"""Sittings: one person's tasks begin together, live and lapse together, and end together."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from click.testing import CliRunner
from suite.store.small_study import HOUR, answer, answer_all, token
from suite.store.small_study import join as arrive
from suite_maker import frozen_study

from hmix_hub.cli.main import main
from hmix_hub.suite.operator.actions import described
from hmix_hub.suite.store.database import StoreError, StoreRefusedError, StudyFullError, open_writing
from hmix_hub.suite.store.progress import find_code, progress
from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import INFER

FIRST, SECOND = INFER, "scale_rating"


def pass_quiz(store, session, attempt=1, passed=True):
    store.put_quiz(session.id, attempt, "{}", passed).result(30)


def join(store, name, **how):
    """Join, and pass the quiz of the first task: from then on there is a place."""
    session = arrive(store, name, **how)
    if session.is_provisional:
        pass_quiz(store, session)
    return now(store, name)


def now(store, name):
    """Return the part that somebody is at."""
    return store.session(token(name))


def states(store):
    return [session.state for session in store.sessions()]


def test_everybody_begins_all_tasks_at_once_with_a_place_in_each(begin):
    store = begin()
    first = join(store, "ada", recruiting="hash")
    parts = store.parts(first)

    assert [(part.task, part.part, part.sitting, part.state) for part in parts] == [
        (FIRST, 0, first.id, "live"),
        (SECOND, 1, first.id, "live"),
    ]
    assert [count.open_places for count in store.counts()] == [2, 2]
    # A page that rates two scales becomes two rows: places of the timeline go on behind the rows of the part before.
    indices = [trial.trial_index for part in parts for trial in part.plan.trials]
    assert indices == sorted(set(indices))


def test_exported_places_of_a_part_lie_behind_all_rows_of_the_part_before(begin):
    store = begin(SECOND, FIRST)
    parts = store.parts(join(store, "ada"))
    scales = len(store.frozen.study.tasks[SECOND].scales)
    rows = len(parts[0].plan.trials) * scales

    assert parts[1].plan.trials[0].trial_index > parts[0].plan.trials[0].trial_index + rows - 1


def test_a_part_that_is_done_leads_to_the_next_and_the_last_finishes_all(begin, reopen):
    store = begin()
    join(store, "ada")
    answer_all(store, now(store, "ada"))
    assert store.finish(now(store, "ada").id).result() == []
    assert (now(store, "ada").task, states(store)) == (SECOND, ["live", "live"])
    # Sent again, as after a reply that was lost: the next part has no answers yet.
    assert len(store.finish(now(store, "ada").id).result()) == 6

    store = reopen(store)
    assert now(store, "ada").task == SECOND
    answer_all(store, now(store, "ada"))
    assert store.finish(now(store, "ada").id).result() == []
    assert states(store) == ["finished", "finished"]
    assert [(count.finished, count.live) for count in store.counts()] == [(1, 0), (1, 0)]
    store.check_integrity()


def test_another_browser_with_the_link_comes_to_the_part_that_the_person_is_at(begin):
    store = begin()
    [link] = store.issue_links(1).result()
    session = store.join(token("ada"), link=link).result()
    assert [part.link for part in store.parts(session)] == [link, link]
    pass_quiz(store, session)
    answer_all(store, session)
    store.finish(session.id).result()

    assert store.join(token("ada's phone"), link=link, takes_over=True).result().task == SECOND
    assert store.is_moved(token("ada"))


def test_the_quiz_of_the_first_task_gives_a_place_in_all_or_in_none(begin):
    store = begin(quota=1)
    for name in ("ada", "bob"):
        arrive(store, name)
    assert [count.live for count in store.counts()] == [0, 0]
    for name in ("ada", "bob"):
        pass_quiz(store, now(store, name))

    assert [(count.live, count.full) for count in store.counts()] == [(1, 1), (1, 1)]
    assert now(store, "bob").state == "full"
    store.check_integrity()


def test_places_of_all_parts_lapse_and_come_back_together(begin, clocks):
    store = begin(quota=1)
    answer_all(store, join(store, "ada"))
    clocks.pass_by(2 * HOUR)
    assert states(store) == ["lapsed", "lapsed"]
    store.resume(now(store, "ada").id).result()
    assert states(store) == ["live", "live"]
    # Who answers in the first part keeps the place in the second.
    for _ in range(3):
        clocks.pass_by(0.9 * HOUR)
        store.put_trial(now(store, "ada").id, 4, answer(), fault=None).result()
    assert states(store) == ["live", "live"]
    with pytest.raises(StudyFullError):
        join(store, "bob")


def test_who_comes_back_to_places_that_are_taken_is_late_in_all_parts(begin, clocks):
    store = begin(quota=1)
    first = join(store, "ada")
    clocks.pass_by(2 * HOUR)
    join(store, "bob")
    for _ in range(2):
        answer_all(store, now(store, "ada"))
        store.finish(now(store, "ada").id).result()

    assert [(part.state, part.is_late) for part in store.parts(first)] == [("finished", True)] * 2
    assert [(count.finished, count.live, count.late) for count in store.counts()] == [(0, 1, 1)] * 2
    store.check_integrity()


def test_a_quiz_that_is_failed_ends_the_whole_sitting(begin):
    store = begin(quota=1)
    first = join(store, "ada")
    answer_all(store, first)
    store.finish(first.id).result()
    for attempt in (1, 2, 3):
        pass_quiz(store, now(store, "ada"), attempt, passed=False)

    assert states(store) == ["failed_quiz", "failed_quiz"]
    assert join(store, "bob").state == "live"


def test_a_withdrawal_deletes_all_parts(begin):
    store = begin()
    first = join(store, "ada", recruiting="hash")
    answer_all(store, first)
    store.finish(first.id).result()
    store.withdraw(now(store, "ada").id).result()

    assert (store.sessions(), list(store.answers()), store.parts(first)) == ([], [], [])
    assert join(store, "eve", recruiting="hash").part == 0
    store.check_integrity()


def test_as_many_people_sit_as_each_task_has_places(begin):
    store = begin(order="balanced", quota=4)
    for number in range(4):
        join(store, number)
    with pytest.raises(StudyFullError):
        join(store, "one more")
    assert store.is_full()
    assert [count.open_places for count in store.counts()] == [0, 0]
    store.check_integrity()


def test_progress_counts_people_not_parts(begin, clocks):
    store = begin(quota=4)
    for number in range(2):
        join(store, number)
        clocks.pass_by(HOUR / 2)
        for _ in range(2):
            finish(store, number)
    found = progress(store)

    assert (found.wanted, found.finished) == (4, 2)
    assert found.pace == pytest.approx(2)
    assert found.hours_left == pytest.approx(1)


def test_those_who_run_the_study_are_told_of_all_parts_at_once(begin):
    store = begin()
    first = join(store, "ada", recruiting=None)
    finish(store, "ada")
    told = described(store, now(store, "ada"))

    assert (told["task"], told["answers"], told["trials"]) == (SECOND, 6, 12)
    assert told["participant_id"] == store.key.participant(first.id)
    for code in (store.key.completion_code(first.id), store.key.fallback_code(first.id)):
        found = find_code(store, code)
        assert found is not None
        assert found.session.sitting == first.id


def test_a_link_keeps_a_place_in_every_task(begin):
    store = begin(quota=2)
    assert store.issue_links(2).result() == [1, 2]
    with pytest.raises(StoreRefusedError, match="only 0 can still be reserved"):
        store.issue_links(1).result()
    assert store.is_full()
    with pytest.raises(StudyFullError):
        join(store, "no link")
    for number in (1, 2):
        session = store.join(token(number), link=number).result()
        pass_quiz(store, session)
        assert [part.takes_place for part in store.parts(session)] == [True, True]
    store.check_integrity()


@pytest.fixture
def uneven(tmp_path, clocks):
    """A collection whose first task has a small batch and a large one, and the second task one for both people."""
    sitting, design = {"tasks": [FIRST, SECOND]}, {"repeats": []}
    frozen = frozen_study(FIRST, SECOND, quota=1, stimuli=8, sitting=sitting, design=design)
    small, large, last, _ = frozen.batches
    small, last = replace(small, stimuli=small.stimuli[:2]), replace(last, quota=2)
    with Store.create(tmp_path / "uneven", replace(frozen, batches=(small, large, last)), times=clocks.times) as store:
        yield store


def test_who_is_moved_to_a_larger_batch_has_the_later_parts_behind_it(uneven):
    first, _, third = (arrive(uneven, name) for name in range(3))
    assert (first.batch, third.batch) == (0, 0)
    pass_quiz(uneven, first)
    pass_quiz(uneven, third)
    parts = uneven.parts(third)

    assert [(part.batch, part.takes_place) for part in parts] == [(1, True), (2, True)]
    indices = [trial.trial_index for part in parts for trial in part.plan.trials]
    assert indices == sorted(set(indices))
    assert len(indices) == 2 * 8
    uneven.check_integrity()


def test_who_is_taken_back_has_places_in_all_parts_or_in_none(uneven):
    ada, bob = (join(uneven, name) for name in ("ada", "bob"))
    uneven.exclude(ada.id, "a bot").result()
    assert {part.excluded for part in uneven.parts(ada)} == {"a bot"}
    assert join(uneven, "eve").batch == ada.batch
    # There is a place in the second task, and none in ada's batch of the first.
    uneven.withdraw(bob.id).result()
    uneven.exclude(ada.id, None).result()
    assert [part.state for part in uneven.parts(ada)] == ["lapsed", "lapsed"]
    uneven.check_integrity()


def test_an_amendment_leaves_places_for_as_many_people_in_every_task(begin):
    store = begin(quota=3)
    study = store.frozen.study
    wanted = {task: design.model_copy(update={"people_per_batch": 5}) for task, design in study.tasks.items()}
    with pytest.raises(StoreRefusedError, match="different numbers of places"):
        store.amend(study.model_copy(update={"tasks": study.tasks | {FIRST: wanted[FIRST]}}), []).result()
    store.amend(study.model_copy(update={"tasks": wanted}), []).result()
    store.issue_links(5).result()
    with pytest.raises(StoreRefusedError, match="personal links reserve 2 more places"):
        store.amend(study, []).result()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE sessions SET part = 2 WHERE part = 1", "a sitting lacks a part"),
        ("UPDATE sessions SET state = 'lapsed' WHERE part = 1", "the parts of a sitting have different states"),
    ],
)
def test_parts_that_do_not_belong_together_are_found(begin, statement, said):
    store = begin()
    join(store, "ada")
    with contextlib.closing(open_writing(store.folder)) as database:
        database.execute(statement)
    with pytest.raises(StoreError, match=said):
        store.check_integrity()


def finish(store, name):
    answer_all(store, now(store, name))
    assert store.finish(now(store, name).id).result() == []


def test_who_has_finished_may_begin_another_task_as_the_same_person(begin):
    store = begin(sitting=False)
    first = join(store, "ada", recruiting="hash", task=FIRST)
    ask = {"recruiting_hash": "hash", "task": SECOND}

    # Not in the middle of the first, and not without having asked for it.
    assert store.join(token("ada"), **ask, another=True).result().id == first.id
    finish(store, "ada")
    assert store.join(token("ada"), **ask).result().task == FIRST
    second = store.join(token("ada"), **ask, another=True).result()
    assert (second.task, second.part, second.sitting, second.state) == (SECOND, 1, first.id, "live")
    assert second.plan.trials[0].trial_index > first.plan.trials[-1].trial_index
    assert now(store, "ada").id == second.id

    finish(store, "ada")
    # Once each.
    assert store.join(token("ada"), **ask, another=True).result().state == "finished"
    assert [part.state for part in store.parts(first)] == ["finished", "finished"]
    store.check_integrity()


def test_another_task_needs_a_place_and_leaves_the_first_as_it_was(begin):
    store = begin(sitting=False, quota=1)
    join(store, "ada", task=FIRST)
    finish(store, "ada")
    join(store, "bob", task=SECOND)
    with pytest.raises(StudyFullError):
        store.join(token("ada"), recruiting_hash=None, task=SECOND, another=True).result()
    assert (now(store, "ada").task, now(store, "ada").state) == (FIRST, "finished")


def test_those_who_run_the_study_are_told_people_and_not_sessions(begin):
    store = begin(quota=3)
    join(store, "ada")
    arrive(store, "ben")

    def told(verb, *more):
        return CliRunner().invoke(main, ["collect", verb, str(store.folder), *more]).output

    lines = told("status").splitlines()
    assert "participants: 0 of 3 finished; each is counted in every task" in lines
    assert "without a place: provisional 1" in lines
    # Nobody holds the store now, as when its server is stopped.
    name = store.key.participant(now(store, "ada").sitting)
    store.close()
    assert "2 participants are still taking part and may finish" in told("close")
    assert f"a session of {FIRST} and {SECOND} that is live, with 0 answers" in told(
        "exclude", "--participant", name, "--reason", "a trial"
    )
    assert "1 participant is still taking part and may finish" in told("close")
