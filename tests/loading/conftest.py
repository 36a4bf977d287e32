"""Fixtures: the made-up registered study, and a Hub on this machine."""

from __future__ import annotations

from hub_server.fixtures import hub, login
from registered_fixtures import made_up

__all__ = ["hub", "login", "made_up"]
