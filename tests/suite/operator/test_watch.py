"""What the dashboard is told: people by stage, flags, stimuli, pictures; once a second, and only what is new."""

from __future__ import annotations

import contextlib
import json
import logging

import pytest
from suite.store.small_study import HOUR, frozen_study, join
from suite_maker import frozen_study as all_tasks

from hmix_hub.suite.operator.people import STAGES
from hmix_hub.suite.operator.watch import Watch
from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import INFER, SELECT


@pytest.fixture
def watched(tmp_path, clocks):
    with (
        Store.create(tmp_path / "watched", frozen_study(9, 9), times=clocks.times) as store,
        contextlib.closing(Watch(store, elapsed=lambda: clocks.elapsed)) as watch,
    ):
        yield store, watch


def slid(share=37, time=812.5):
    path = {"share_path": [], "confidence_path": []}
    sent = {"share": share, "confidence": 50, "touched": [True, True], **path}
    return json.dumps({"response_time_ms": time, "pictures": ["x"], "answer": sent})


def answer_all(store, session, *payloads):
    payloads = payloads or (slid(),) * len(session.plan.trials)
    for trial, payload in zip(session.plan.trials, payloads, strict=True):
        store.put_trial(session.id, trial.trial_index, payload, fault=None).result()
    store.finish(session.id).result()


def stages(watch):
    told = watch.moment(now=True).overview
    return {row["stage"]: row["people"] for row in told["stages"] if row["people"]}


@pytest.fixture
def quizzed(tmp_path, clocks):
    with (
        Store.create(tmp_path / "quizzed", frozen_study(9, quiz=True), times=clocks.times) as store,
        contextlib.closing(Watch(store)) as watch,
    ):
        yield store, watch


def test_people_are_counted_by_how_far_they_are(quizzed, clocks):
    store, watch = quizzed
    join(store, "gone")
    clocks.pass_by(2 * HOUR)
    join(store, "reads")
    tries = join(store, "tries")
    store.put_quiz(tries.id, 1, "{}", False).result()
    fails = join(store, "fails")
    for attempt in (1, 2):
        store.put_quiz(fails.id, attempt, "{}", False).result()
    works = join(store, "works")
    store.put_quiz(works.id, 1, "{}", True).result()
    done, bad = join(store, "done"), join(store, "bad")
    for session in (done, bad):
        store.put_quiz(session.id, 1, "{}", True).result()
    answer_all(store, done)
    for trial in bad.plan.trials:
        store.put_trial(bad.id, trial.trial_index, "{", fault="not JSON").result()
    store.finish(bad.id).result()
    found = stages(watch)
    assert found == {
        **{"lapsed": 1, "instructions": 1, "quiz": 1, "trials": 1},
        **{"failed_quiz": 1, "finished": 1, "incomplete": 1},
    }
    assert list(found) == [stage for stage in STAGES if stage in found]
    assert sum(found.values()) == len(store.sessions())


def test_who_withdrew_is_only_counted(watched):
    store, watch = watched
    session = join(store, 1)
    answer_all(store, session)
    store.withdraw(session.id).result()
    moment = watch.moment(now=True)
    assert (moment.people, moment.overview["withdrawn"], moment.overview["answers"]["counts"]) == ([], 1, [0])


@pytest.mark.parametrize(
    ("payloads", "flags"),
    [
        ([slid(10), slid(40), slid(70), slid(20)], ()),
        ([slid(10, 100.0), slid(40, 120.0), slid(70, 90.0), slid(20, 5000.0)], ("fast",)),
    ],
)
def test_what_is_odd_is_flagged(watched, clocks, payloads, flags):
    store, watch = watched
    session = join(store, 1)
    clocks.pass_by(60)
    answer_all(store, session, *payloads)
    [person] = watch.moment(now=True).people
    assert person.flags == flags


def test_answers_kept_aside_are_flagged(watched):
    store, watch = watched
    session = join(store, 1)
    store.put_trial(session.id, session.plan.trials[0].trial_index, "{", fault="not JSON").result()
    assert watch.moment(now=True).people[0].flags == ("quarantined",)


def test_one_and_the_same_answer_is_flagged_of_ten_answers(tmp_path, clocks):
    with (
        Store.create(tmp_path / "long", frozen_study(9, stimuli=10), times=clocks.times) as store,
        contextlib.closing(Watch(store)) as watch,
    ):
        same, session = join(store, "same"), join(store, "varies")
        clocks.pass_by(60)
        answer_all(store, same)
        answer_all(store, session, *(slid(7 * place) for place in range(len(session.plan.trials))))
        varied, same = watch.moment().people
    assert (varied.flags, same.flags) == ((), ("straightlining",))


def test_who_claims_more_time_than_went_by_on_the_server_is_flagged(watched, clocks):
    store, watch = watched
    honest, bot = join(store, "honest"), join(store, "bot")
    answer_all(store, bot, *(slid(20 * place, 9000.0) for place in range(4)))
    clocks.pass_by(40)
    answer_all(store, honest, *(slid(20 * place, 9000.0) for place in range(4)))
    flags = {person.session.id: person.flags for person in watch.moment(now=True).people}
    assert flags == {honest.id: (), bot.id: ("time_disagrees",)}


def test_who_does_several_tasks_is_one_person_and_is_at_the_first_that_is_open(tmp_path):
    frozen = all_tasks(INFER, SELECT, sitting={"tasks": [INFER, SELECT]})
    with Store.create(tmp_path / "sitting", frozen) as store, contextlib.closing(Watch(store)) as watch:
        session = join(store, 1)
        first, second = store.parts(session)
        for trial in first.plan.trials:
            store.put_trial(first.id, trial.trial_index, slid(), fault=None).result()
        [person] = watch.moment().people
        assert (person.session.task, person.answered) == (SELECT, len(first.plan.rows))
        assert person.trials == len(first.plan.rows) + len(second.plan.rows)
        assert person.participant_id == store.key.participant(session.sitting)


CHECK = {"name": "look", "kind": "choice", "question": "Choose b.", "choices": ["a", "b"], "answer": 2}


def test_who_fails_more_attention_checks_than_the_study_allows_is_flagged(tmp_path):
    asked = [{"title": "One", "questions": [CHECK, CHECK | {"name": "again"}]}]
    frozen = all_tasks(INFER, before=asked, attention_failures=1)
    page = frozen.questionnaire[0].number
    with Store.create(tmp_path / "asked", frozen) as store, contextlib.closing(Watch(store)) as watch:
        for name, answers in (("once", {"look": 1, "again": 2}), ("twice", {"look": 1, "again": 1})):
            put = store.put_reply(join(store, name).id, page, json.dumps(answers), passed=False, screened_out=False)
            put.result()
        twice, once = watch.moment().people
    assert (once.flags, twice.flags) == ((), ("failed_attention",))


def test_claimed_and_server_time_stand_beside_each_other(watched, clocks):
    store, watch = watched
    session = join(store, 1)
    clocks.pass_by(30)
    answer_all(store, session, *(slid(place, 10_000.0) for place in range(4)))
    told = watch.moment(now=True).people[0].told(store.now())
    assert (told["claimed_s"], told["server_s"], told["median_ms"]) == (40, 30, 10_000)
    assert told["participant_id"] == store.key.participant(session.id)


def test_it_is_worked_out_once_a_second_however_many_look(watched, clocks):
    store, watch = watched
    first = watch.moment()
    join(store, 1)
    assert watch.moment() is first
    clocks.pass_by(1)
    assert len(watch.moment().people) == 1


def test_answers_lie_where_the_stimulus_is(watched):
    store, watch = watched
    session = join(store, 1)
    answer_all(store, session, *(slid(100 - 10 * trial.stimulus) for trial in session.plan.trials))
    watch.moment(now=True)
    told = watch.stimuli(session.batch)
    assert [stimulus["answers"][0]["mean"] for stimulus in told["stimuli"]] == pytest.approx([0.0, 0.1, 0.2])
    repeated = session.plan.trials[-1].stimulus
    assert [stimulus["answers"][0]["number"] for stimulus in told["stimuli"]] == [
        1 + (place == repeated) for place in range(3)
    ]
    assert told["stimuli"][0]["classes"] == list(store.frozen.study.pictures.shown_names[:2])
    assert told["class_names"] is None


class TestRoutes:
    def test_what_is_as_it_was_is_not_sent_again(self, operator, store):
        first = operator("GET", "/api/overview")
        assert first.json["study"]["id"] == "small-study"
        again = operator("GET", "/api/overview", headers=[("If-None-Match", first.headers["etag"])])
        assert (again.status, again.body) == (304, b"")

    def test_an_action_is_seen_at_once(self, operator):
        assert operator("GET", "/api/overview").json["is_paused"] is False
        operator("POST", "/api/actions/pause", {})
        assert operator("GET", "/api/overview").json["is_paused"] is True

    def test_people_are_filtered_and_paged(self, operator, store):
        join(store, 1)
        told = operator("GET", "/api/people?stage=instructions").json
        assert (told["of"], told["people"][0]["answered"]) == (1, 0)
        assert operator("GET", "/api/people?stage=finished").json["of"] == 0
        assert operator("GET", "/api/people?flag=any").json["of"] == 0
        assert operator("GET", "/api/people?start=1").json["people"] == []

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/api/people?stage=none", 400),
            ("/api/people?flag=none", 400),
            ("/api/people?start=-1", 400),
            ("/api/batches/2", 404),
            ("/api/batches/99999999999999999999", 404),
            ("/api/batches/x", 404),
            ("/api/pictures/0/3/0", 404),
            ("/api/pictures/0/0/1", 404),
            ("/static/main.js", 404),
            ("/static/dashboard/../main.js", 404),
        ],
    )
    def test_what_is_not_there(self, operator, path, status):
        assert operator("GET", path).status == status

    def test_pictures_and_the_page(self, operator):
        picture = operator("GET", "/api/pictures/1/2/0")
        assert picture.body.startswith(b"\x89PNG")
        page = operator("GET", "/", token=None)
        assert (page.status, b"static/dashboard/main.js" in page.body) == (200, True)
        assert "img-src 'self' blob:" in page.headers["content-security-policy"]
        assert operator("GET", "/static/dom.js", token=None).status == 200
        assert operator("GET", "/static/dashboard/main.js", token=None).status == 200

    def test_no_token_no_numbers(self, operator, monkeypatch):
        monkeypatch.setattr("hmix_hub.suite.server.operator.GUESS_SECONDS", 0)
        for path in ("/api/overview", "/api/people", "/api/batches/0", "/api/pictures/0/0/0"):
            assert operator("GET", path, token=None).status == 401

    def test_storage_and_errors_are_told(self, operator, errors):
        with errors.attached():
            logging.getLogger("hmix_hub.suite.server").error("the disk is on fire")
        told = operator("GET", "/api/overview").json
        assert told["fault"] is None
        assert told["storage"]["database_bytes"] > 0
        assert told["errors"][0] == {"text": "the disk is on fire", "times": 1, "minutes": 0}


def test_an_answer_that_was_changed_by_hand_does_not_end_the_dashboard(watched):
    store, watch = watched
    session = join(store, 1)
    for trial, payload in zip(session.plan.trials, ("[]", "{}", '{"answer": {"share": 37}}', slid()), strict=True):
        store.put_trial(session.id, trial.trial_index, payload, fault=None).result()
    moment = watch.moment(now=True)
    assert (moment.people[0].answered, sum(moment.overview["answers"]["counts"])) == (4, 1)
