"""A collection, its operator's application, and the token."""

from __future__ import annotations

import contextlib

import pytest
from suite.store.small_study import Clocks, frozen_study
from suite_maker import Asker, sample_pictures

from hmix_hub.suite.operator.channel import new_token
from hmix_hub.suite.operator.watch import Watch
from hmix_hub.suite.server.error_log import ErrorLog
from hmix_hub.suite.server.operator import build_operator_app
from hmix_hub.suite.store.store import Store

TOKEN = new_token()


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "collection", frozen_study(2, 2)) as store:
        yield store


@pytest.fixture
def operator(store, errors):
    """Ask the operator's application: `operator(method, path, sent, token=...)`."""
    with contextlib.closing(Watch(store)) as watch, Asker(_app(store, watch, errors)) as asker:

        def ask(method, path, sent=None, *, token=TOKEN, **how):
            return asker.ask(method, path, sent, token=token, **how)

        yield ask


def _app(store, watch, errors):
    return build_operator_app(store, watch, TOKEN, sample_pictures(), errors)


@pytest.fixture
def errors():
    return ErrorLog()


@pytest.fixture
def clocks():
    return Clocks()
