"""`hmix collect withdraw`: the person who runs the study deletes what somebody sent who asked for it."""

import contextlib

import pytest
from click.testing import CliRunner
from suite.browser.collection import Running
from suite.store.small_study import answer, frozen_study
from suite_maker import sample_pictures

from hmix_hub.cli.main import main
from hmix_hub.suite.operator.channel import Channel, announced, new_token
from hmix_hub.suite.operator.watch import Watch
from hmix_hub.suite.server.error_log import ErrorLog
from hmix_hub.suite.server.operator import build_operator_app
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.store.store import Store

WORDS = "delete me, please"


@pytest.fixture
def collection(tmp_path):
    """Two people with recruiting ids, an answer each."""
    with Store.create(tmp_path / "collection", frozen_study(2, 2)) as store:
        for number, name in enumerate(("ann", "bob"), 1):
            known = store.key.recruiting(name)
            session = store.join(bytes([number]) * 32, recruiting_hash=known, task=None).result()
            store.put_trial(session.id, 3, answer(number), fault=None).result()
            store.put_comments(session.id, f"{WORDS} {name}").result()
    return tmp_path / "collection"


def withdraw(*words, **options):
    return CliRunner().invoke(main, ["collect", "withdraw", *map(str, words)], **options)


def codes(folder):
    with Store.open(folder, read_only=True) as store:
        return {store.key.fallback_code(session.id) for session in store.sessions()}


def test_a_person_is_deleted_by_the_recruiting_id(collection):
    told = withdraw(collection, "--id", " ann ", "--yes")
    assert told.exit_code == 0
    assert "with 1 answers; the place is free again" in told.output
    with Store.open(collection, read_only=True) as store:
        assert len(store.sessions()) == len(list(store.answers())) == 1
        assert store.session_of_participant("ann") is None
        assert store.session_of_participant("bob") is not None
    content = b"".join(path.read_bytes() for path in collection.iterdir() if path.is_file())
    assert f"{WORDS} bob".encode() in content
    assert f"{WORDS} ann".encode() not in content


def test_a_person_is_deleted_by_a_code_after_a_question(collection):
    code = min(codes(collection))
    assert withdraw(collection, "--code", code.lower(), input="n\n").exit_code == 1
    assert code in codes(collection)
    assert withdraw(collection, "--code", code.lower(), input="y\n").exit_code == 0
    assert code not in codes(collection)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--id", "carl"], 1, "no participant has this id or code"),
        (["--code", "F-0000-0000"], 1, "no participant has this id or code"),
        (["--participant", "carl"], 1, "no participant has this id or code"),
        ([], 2, "with --id, --code or --participant"),
        (["--id", "ann", "--code", "F-0000-0000"], 2, "with --id, --code or --participant"),
    ],
)
def test_who_is_not_named_is_not_deleted(collection, options, status, said):
    told = withdraw(collection, *options, "--yes")
    assert (told.exit_code, said in told.output) == (status, True)
    assert len(codes(collection)) == 2


def test_the_server_need_not_be_stopped(collection):
    with (
        folder_lock(collection),
        Store.open(collection) as store,
        contextlib.closing(Watch(store)) as watch,
    ):
        token = new_token()
        running = Running(build_operator_app(store, watch, token, sample_pictures(), ErrorLog()))
        try:
            with announced(collection, Channel(running.address, token)):
                told = withdraw(collection, "--id", "ann", "--yes")
        finally:
            running.stop()
        assert (told.exit_code, store.session_of_participant("ann")) == (0, None)
    assert len(codes(collection)) == 1


def test_a_server_without_a_channel_is_left_alone(collection):
    with folder_lock(collection):
        told = withdraw(collection, "--id", "ann", "--yes")
    assert (told.exit_code, "is already being served" in told.output) == (1, True)
    assert len(codes(collection)) == 2
