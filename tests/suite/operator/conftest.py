"""A collection, its operator's application, and the token."""

from __future__ import annotations

import pytest
from suite.store.small_study import frozen_study
from suite_maker import Asker

from hmix_hub.suite.operator.channel import new_token
from hmix_hub.suite.server.operator import build_operator_app
from hmix_hub.suite.store.store import Store

TOKEN = new_token()


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "collection", frozen_study(2, 2)) as store:
        yield store


@pytest.fixture
def operator(store):
    """Ask the operator's application: `operator(method, path, sent, token=...)`."""
    with Asker(build_operator_app(store, TOKEN)) as asker:

        def ask(method, path, sent=None, *, token=TOKEN, **how):
            return asker.ask(method, path, sent, token=token, **how)

        yield ask
