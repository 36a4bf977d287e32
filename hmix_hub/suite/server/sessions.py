"""Sessions as routes meet them: found by their token, with what the study says of them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from hmix_hub.suite.design.design import Batch
from hmix_hub.suite.server.replies import Refusal
from hmix_hub.suite.server.requests import token_hash
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.model import TaskDesign


@dataclass(frozen=True)
class Found:
    """A session, its batch, and the design of its task."""

    record: SessionRecord
    batch: Batch
    design: TaskDesign


def find_session(store: Store, request: Request) -> Found:
    """Find the session of a request's token.

    Raises
    ------
    Refusal
        401, if there is none.
    SessionGoneError
        If it was withdrawn.
    """
    record = store.session(token_hash(request))
    if record is None:
        raise Refusal(401, "unknown_session", "There is no such session.")
    batch = store.frozen.batches[record.batch]
    return Found(record, batch, store.frozen.design_of(batch))
