"""`hmix collect status`, `close` and `backup`: while the store is written by somebody else."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from suite.store.small_study import HOUR, answer, frozen_study, join, take_part

from hmix_hub.cli.main import main
from hmix_hub.suite.operator.channel import Channel, announced, new_token
from hmix_hub.suite.store.database import StudyClosedError
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.store.store import Store


@pytest.fixture
def hmix():
    def call(*words):
        return CliRunner().invoke(main, ["collect", *map(str, words)])

    return call


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "collection", frozen_study(2, 2)) as store:
        yield store


class TestStatus:
    def test_people_and_answers_by_batch(self, hmix, store):
        take_part(store, 1)
        session = join(store, 2)
        store.put_trial(session.id, 3, answer(1), fault=None).result()
        store.put_trial(session.id, 3, answer(2), fault=None).result()
        store.put_trial(session.id, 4, "{", fault="not JSON").result()
        told = hmix("status", store.folder).output.splitlines()
        assert told[0] == "small-study: A small study (not served, open)"
        assert told[1].split() == [
            *("task", "batch", "wanted", "finished", "live", "lapsed", "late", "incomplete", "withdrawn"),
            *("answers", "quarantined", "conflicts"),
        ]
        assert told[2].split() == ["infer_mixing_factor", *"0 2 1 0 0 0 0 0 4 0 0".split()]
        assert told[3].split() == ["infer_mixing_factor", *"1 2 0 1 0 0 0 0 1 1 1".split()]
        assert told[4].split() == ["all", *"4 1 1 0 0 0 0 5 1 1".split()]

    def test_it_says_what_is_special(self, hmix, tmp_path):
        with Store.create(tmp_path, frozen_study(1), is_synthetic=True) as store, folder_lock(tmp_path):
            store.set_closed(True)
            head = hmix("status", tmp_path).output.splitlines()[0]
        assert head.endswith("(served, closed: nobody new may start, synthetic)")

    def test_the_time_left_comes_from_the_pace(self, hmix, make_store, clocks):
        store = make_store(4)
        assert hmix("status", store.folder).output.splitlines()[-1] == "time left: not known yet"
        take_part(store, 1)
        join(store, 2)
        clocks.pass_by(5 * HOUR)
        take_part(store, 3)
        store.close()
        told = json.loads(hmix("status", store.folder, "--json").output)
        assert (told["wanted"], told["total"]["finished"]) == (4, 2)
        assert (told["people_per_hour"], told["hours_left"]) == (pytest.approx(0.4), pytest.approx(5))
        told = hmix("status", store.folder).output.splitlines()[-1]
        assert told == "time left: about 5 hours of serving, at 0.4 participants an hour"

    def test_a_study_that_is_done(self, hmix, make_store):
        store = make_store(1)
        take_part(store, 1)
        assert hmix("status", store.folder).output.splitlines()[-1] == "time left: none, everybody has finished"

    def test_a_folder_without_a_collection(self, hmix, tmp_path):
        told = hmix("status", tmp_path)
        assert (told.exit_code, "no collection here yet" in told.output) == (1, True)

    def test_json_has_the_counts(self, hmix, store):
        take_part(store, 1)
        told = json.loads(hmix("status", store.folder, "--json").output)
        assert told["study_sha256"] == store.frozen.sha256
        assert [batch["finished"] for batch in told["batches"]] == [1, 0]


class TestCode:
    def test_a_fallback_code_tells_whether_to_pay(self, hmix, store):
        session = join(store, 1)
        store.put_trial(session.id, 3, answer(), fault=None).result()
        told = hmix("status", store.folder, "--code", store.key.fallback_code(session.id).lower())
        assert told.exit_code == 0
        assert told.output.splitlines() == [
            "fallback code of a session that is live",
            "1 of 4 answers received; infer_mixing_factor, batch 0",
            f"in exports: {store.key.participant(session.id)}",
        ]

    def test_a_completion_code_of_a_finished_session(self, hmix, store):
        session = take_part(store, 1)
        told = hmix("status", store.folder, "--json", "--code", store.key.completion_code(session.id))
        assert json.loads(told.output) == {
            "is_found": True,
            "is_the_same_for_all": False,
            "kind": "completion",
            "state": "finished",
            "is_late": False,
            "is_incomplete": False,
            "excluded": None,
            "task": "infer_mixing_factor",
            "tasks": ["infer_mixing_factor"],
            "batch": 0,
            "answers": 4,
            "trials": 4,
            "participant_id": store.key.participant(session.id),
        }

    def test_a_recruiting_id_tells_of_the_person(self, hmix, store):
        known = store.key.recruiting("someone-4711")
        session = store.join(bytes(32), recruiting_hash=known, task=None).result()
        told = hmix("status", store.folder, "--id", " someone-4711 ")
        assert (told.exit_code, told.output.splitlines()[0]) == (0, "a session that is live")
        assert f"in exports: {store.key.participant(session.id)}" in told.output
        told = hmix("status", store.folder, "--id", "somebody else", "--json")
        assert (told.exit_code, json.loads(told.output)) == (1, {"is_found": False})
        assert hmix("status", store.folder, "--id", "a", "--code", "b").exit_code == 2

    def test_somebody_whose_answers_are_none_is_told_apart_and_may_be_paid(self, hmix, store):
        session = join(store, 1)
        for trial in session.plan.trials:
            store.put_trial(session.id, trial.trial_index, "{", fault="not JSON").result()
        store.finish(session.id).result()
        told = hmix("status", store.folder, "--code", store.key.completion_code(session.id))
        assert told.exit_code == 0
        assert told.output.startswith("completion code of a session that is finished, incomplete\n")
        total = json.loads(hmix("status", store.folder, "--json").output)["total"]
        assert (total["finished"], total["incomplete"], total["unkept"]) == (0, 1, 0)

    @pytest.mark.parametrize("code", ["F-0000-0000", "", "0" * 1000, "é"])
    def test_a_code_of_nobody(self, hmix, store, code):
        join(store, 1)
        told = hmix("status", store.folder, "--code", code)
        assert (told.exit_code, told.output) == (1, "no participant in this study has this code\n")

    def test_the_studys_own_code_tells_nothing(self, hmix, make_store):
        store = make_store(1, code="C0DE")
        told = hmix("status", store.folder, "--code", "c0de")
        assert (told.exit_code, "the same for all" in told.output) == (1, True)

    def test_the_session_itself_is_not_named(self, hmix, store):
        session = take_part(store, 1)
        told = hmix("status", store.folder, "--json", "--code", store.key.completion_code(session.id))
        assert session.id not in told.output


class TestClose:
    def test_the_server_sees_it_at_once(self, hmix, store):
        session = join(store, 1)
        told = hmix("close", store.folder)
        assert told.output == "the study is closed; 1 participant is still taking part and may finish\n"
        assert store.is_closed()
        with pytest.raises(StudyClosedError):
            join(store, 2)
        store.put_trial(session.id, 3, answer(), fault=None).result()
        assert hmix("close", store.folder).output.startswith("the study is already closed")

    def test_it_can_be_opened_again(self, hmix, store):
        hmix("close", store.folder)
        assert hmix("close", store.folder, "--reopen").output == "the study is open\n"
        assert hmix("close", store.folder, "--reopen").output == "the study is already open\n"
        assert join(store, 1).number == 0


class TestPauseAndMessage:
    def test_a_study_is_paused_and_goes_on(self, hmix, store):
        store.close()
        assert hmix("pause", store.folder).output == "the study is paused\n"
        assert "(not served, paused)" in hmix("status", store.folder).output
        assert json.loads(hmix("status", store.folder, "--json").output)["is_paused"] is True
        assert hmix("pause", store.folder).output == "the study is already paused\n"
        assert hmix("pause", store.folder, "--resume").output == "the study is running\n"
        assert hmix("pause", store.folder, "--resume").output == "the study is already running\n"

    def test_everybody_is_told_something_until_it_is_taken_back(self, hmix, store):
        store.close()
        assert hmix("message", store.folder, "Back at five.").output == "message shown to everybody: Back at five.\n"
        with Store.open(store.folder, read_only=True) as seen:
            assert seen.news.message == "Back at five."
        assert hmix("message", store.folder).output == "the message was removed\n"
        told = hmix("message", store.folder, "x" * 501)
        assert (told.exit_code, "at most 500 characters" in told.output) == (1, True)


class TestExcludeAndFree:
    def test_somebody_is_excluded_and_taken_back(self, hmix, store):
        session = take_part(store, 1)
        store.close()
        who = ("--participant", store.key.participant(session.sitting))
        told = hmix("exclude", store.folder, *who, "--reason", "the same answer throughout")
        assert told.output == "excluded a session of infer_mixing_factor that is finished, with 4 answers\n"
        with Store.open(store.folder, read_only=True) as seen:
            assert seen.sessions()[0].excluded == "the same answer throughout"
            assert (seen.counts()[0].finished, seen.counts()[0].open_places) == (0, 2)
        assert hmix("exclude", store.folder, *who, "--take-back").output.startswith("took back a session")
        with Store.open(store.folder, read_only=True) as seen:
            assert seen.counts()[0].finished == 1

    @pytest.mark.parametrize("options", [[], ["--reason", "x", "--take-back"]])
    def test_it_is_said_why_or_that_it_is_taken_back(self, hmix, store, options):
        take_part(store, 1)
        assert hmix("exclude", store.folder, "--id", "x", *options).exit_code == 2

    def test_a_place_is_given_to_somebody_else(self, hmix, store):
        session = take_part(store, 1)
        store.close()
        who = ("--participant", store.key.participant(session.sitting))
        assert hmix("free", store.folder, *who).output.endswith("with 4 answers: the place is free again\n")
        assert hmix("free", store.folder, *who).output.endswith("with 4 answers: there was no place to release\n")


class TestDashboard:
    def test_its_address_is_printed_while_it_is_served(self, hmix, store):
        channel = Channel("http://127.0.0.1:1", new_token())
        with folder_lock(store.folder), announced(store.folder, channel):
            assert hmix("dashboard", store.folder).output == f"{channel.page}\n"
        told = hmix("dashboard", store.folder)
        assert (told.exit_code, "this collection is not being served" in told.output) == (1, True)

    def test_what_a_killed_server_left_is_no_address(self, hmix, store):
        with announced(store.folder, Channel("http://127.0.0.1:1", new_token())):
            assert hmix("dashboard", store.folder).exit_code == 1


class TestBackup:
    def test_it_says_what_it_wrote(self, hmix, store, tmp_path):
        take_part(store, 1)
        told = hmix("backup", store.folder, tmp_path / "copy")
        assert (told.exit_code, told.output.splitlines()[0]) == (0, f"wrote 4 answers to {tmp_path}/copy")
        assert "4" in hmix("status", tmp_path / "copy").output

    def test_a_target_that_is_there(self, hmix, store, tmp_path):
        told = hmix("backup", store.folder, tmp_path)
        assert (told.exit_code, "never overwrites anything" in told.output) == (1, True)


@pytest.mark.parametrize(
    "name", ["status", "close", "backup", "pause", "message", "dashboard", "withdraw", "exclude", "free"]
)
def test_every_command_has_help(hmix, name):
    assert hmix(name, "--help").output.startswith(f"Usage: main collect {name}")
