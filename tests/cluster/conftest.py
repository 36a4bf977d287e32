"""Fixtures: a Hub of each test's own."""

from hub_server.fixtures import hub

__all__ = ["hub"]
