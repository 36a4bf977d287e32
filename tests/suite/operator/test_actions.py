"""Actions over the channel, and the same actions on a store that nobody serves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import time

import pytest
from starlette.requests import Request
from suite.store.small_study import answer, frozen_study, join, take_part
from suite_maker import run_apart

from hmix_hub.errors import CollectionError
from hmix_hub.suite.operator.actions import ACTIONS, Action, Close, Look, Withdraw
from hmix_hub.suite.operator.channel import CHANNEL_NAME, Channel, announced, carry_out, new_token, read_channel
from hmix_hub.suite.operator.watch import Watch
from hmix_hub.suite.server.operator import ActionRoutes
from hmix_hub.suite.store.database import FolderLockedError
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.store.news import News
from hmix_hub.suite.store.store import Store


class TestOverTheChannel:
    def test_the_study_is_closed_and_opened_again(self, operator, store):
        join(store, 1)
        assert operator("POST", "/api/actions/close", {}).json == {"was_closed": False, "is_closed": True, "live": 1}
        assert store.is_closed()
        assert operator("POST", "/api/actions/close", {"reopen": True}).json["is_closed"] is False
        assert not store.is_closed()

    def test_the_study_is_paused_and_everybody_is_told(self, operator, store):
        assert operator("POST", "/api/actions/pause", {}).json == {"was_paused": False, "is_paused": True}
        assert operator("POST", "/api/actions/message", {"text": " Back at 5. "}).json == {"message": "Back at 5."}
        assert store.news == News(is_paused=True, message="Back at 5.")
        operator("POST", "/api/actions/pause", {"resume": True})
        operator("POST", "/api/actions/message", {"text": None})
        assert store.news == News()

    def test_a_participant_is_looked_at_and_withdrawn(self, operator, store):
        session = take_part(store, 1)
        named = {"participant_id": store.key.participant(session.id)}
        told = operator("POST", "/api/actions/look", named).json
        assert (told["state"], told["answers"], told["participant_id"]) == ("finished", 4, named["participant_id"])
        assert operator("POST", "/api/actions/look", {"named": store.key.fallback_code(session.id)}).json == told
        assert operator("POST", "/api/actions/withdraw", {"code": store.key.completion_code(session.id)}).json == told
        assert store.sessions() == []
        again = operator("POST", "/api/actions/look", named)
        assert (again.status, again.json["error"]) == (409, "not_done")
        assert again.json["message"] == "no participant has this id or code"

    def test_a_participant_is_excluded_taken_back_and_freed(self, operator, store):
        session = take_part(store, 1)
        named = {"participant_id": store.key.participant(session.sitting)}
        assert operator("POST", "/api/actions/exclude", named | {"reason": " too fast "}).json["excluded"] is None
        assert operator("POST", "/api/actions/look", named).json["excluded"] == "too fast"
        assert operator("GET", "/api/people?stage=excluded").json["of"] == 1
        operator("POST", "/api/actions/exclude", named | {"reason": None})
        assert operator("POST", "/api/actions/look", named).json["excluded"] is None
        assert operator("POST", "/api/actions/free", named).json["had_place"] is True
        assert operator("GET", "/api/people?stage=late").json["of"] == 1

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines"])
    def test_an_exclusion_without_a_reason_is_refused(self, operator, store, reason):
        session = take_part(store, 1)
        named = {"participant_id": store.key.participant(session.sitting)}
        told = operator("POST", "/api/actions/exclude", named | {"reason": reason})
        assert (told.status, told.json["message"]) == (409, "a reason is one line of at most 200 characters")
        assert store.sessions()[0].excluded is None

    @pytest.mark.parametrize(
        ("path", "sent", "status"),
        [
            ("/api/actions/destroy", {}, 404),
            ("/api/actions/close", {"reopen": "yes"}, 400),
            ("/api/actions/close", {"folder": "/"}, 400),
            ("/api/actions/close", [], 400),
            ("/api/actions/withdraw", {}, 409),
            ("/api/actions/withdraw", {"code": "F-0000-0000", "recruiting_id": "x"}, 409),
            ("/api/elsewhere", {}, 404),
        ],
    )
    def test_what_is_no_action_changes_nothing(self, operator, store, path, sent, status):
        take_part(store, 1)
        assert operator("POST", path, sent).status == status
        assert (len(store.sessions()), store.is_closed()) == (1, False)

    def test_links_that_the_study_does_not_take_are_refused_with_the_way_to_them(self, operator, store):
        study = store.frozen.study
        without = study.recruiting.model_copy(update={"links": "off"})
        store.amend(study.model_copy(update={"recruiting": without}), ["recruiting.links"]).result()
        told = operator("POST", "/api/actions/links", {"count": 1})
        assert told.status == 409
        assert told.json["message"] == "the study does not accept personal links: recruiting.links is off"
        assert "hmix collect amend" in told.json["hint"]

    def test_another_method_is_refused_with_those_there_are(self, operator):
        assert operator("GET", "/api/actions/close").status == 405


class TestWithoutAServer:
    def test_the_store_is_opened_here(self, tmp_path):
        with Store.create(tmp_path, frozen_study(2)) as store:
            session = store.join(bytes(32), recruiting_hash=store.key.recruiting("ann"), task=None).result()
            store.put_trial(session.id, 3, answer(), fault=None).result()
        assert carry_out(tmp_path, Close())["is_closed"]
        assert carry_out(tmp_path, Look(recruiting_id="ann"))["answers"] == 1
        assert carry_out(tmp_path, Withdraw(recruiting_id=" ann "))["answers"] == 1
        with Store.open(tmp_path, read_only=True) as store:
            assert (store.is_closed(), store.sessions()) == (True, [])

    def test_one_that_is_served_without_a_channel_is_left_alone(self, tmp_path):
        Store.create(tmp_path, frozen_study(1)).close()
        with folder_lock(tmp_path), pytest.raises(FolderLockedError):
            carry_out(tmp_path, Close())

    def test_a_server_that_does_not_answer_is_told(self, tmp_path):
        Store.create(tmp_path, frozen_study(1)).close()
        gone = Channel("http://127.0.0.1:9", new_token())
        with folder_lock(tmp_path), announced(tmp_path, gone), pytest.raises(CollectionError) as told:
            carry_out(tmp_path, Close())
        assert "does not respond" in told.value.message
        assert gone.token not in str(told.value)


class TestTheFile:
    def test_it_is_there_while_served_and_the_owners_alone(self, tmp_path):
        channel = Channel("http://127.0.0.1:1234", new_token())
        path = tmp_path / CHANNEL_NAME
        # Left over from a server that was killed, and wrongly readable.
        path.write_text("{}")
        path.chmod(0o644)
        with announced(tmp_path, channel):
            assert read_channel(tmp_path) == channel
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert read_channel(tmp_path) is None

    @pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"address": "x"}), "é"])
    def test_one_that_is_no_channel_is_none(self, tmp_path, content):
        (tmp_path / CHANNEL_NAME).write_text(content)
        assert read_channel(tmp_path) is None

    def test_a_token_is_long_and_new_each_time(self):
        tokens = {new_token() for _ in range(100)}
        assert len(tokens) == 100
        assert {len(token) for token in tokens} == {43}


def test_every_action_is_known_by_its_name():
    assert all(ACTIONS[name].name == name for name in ACTIONS)


def test_one_action_is_carried_out_after_the_other(store, monkeypatch):
    under_way = []

    class Slow(Action):
        name = "slow"

        def carry_out(self, store):
            under_way.append(self)
            time.sleep(0.02)
            told = {"under_way": len(under_way)}
            under_way.pop()
            return told

    monkeypatch.setitem(ACTIONS, "slow", Slow)

    async def receive():
        return {"type": "http.request", "body": b"{}", "more_body": False}

    scope = {"type": "http", "headers": [(b"content-type", b"application/json")], "path_params": {"name": "slow"}}

    async def act_at_once(routes):
        return await asyncio.gather(*(routes.act(Request(scope, receive)) for _ in range(3)))

    with contextlib.closing(Watch(store)) as watch:
        replies = run_apart(act_at_once(ActionRoutes(store, watch)))
    assert [json.loads(reply.body) for reply in replies] == [{"under_way": 1}] * 3
