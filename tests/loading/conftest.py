"""The made-up registered study."""

from __future__ import annotations

from registered_fixtures import made_up  # noqa: F401
