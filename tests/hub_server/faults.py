"""Failures on demand, and the log of what was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

from hub_server.messages import HubError, Response

NO_ANSWER = 0


class Call(NamedTuple):
    """One request and the status of its answer; NO_ANSWER where the connection was cut instead."""

    server: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    status: int


@dataclass
class Fault:
    """What goes wrong in calls whose method and address (path and query) match, and in how many of them."""

    method: str | None
    path: re.Pattern[str]
    status: int | None
    times: int | None
    after: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""
    code: str = ""
    cut: bool = False
    applied: bool = False

    def strikes(self, method: str, address: str) -> bool:
        """Return whether the fault strikes this call, and count it."""
        if self.times == 0 or self.method not in {None, method} or not self.path.search(address):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    @property
    def cuts_connection(self) -> bool:
        return self.cut or self.status is None

    def response(self) -> Response:
        status = HTTPStatus(self.status or HTTPStatus.INTERNAL_SERVER_ERROR)
        return HubError(status, self.message or status.phrase, self.code, self.headers).response()
