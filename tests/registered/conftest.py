"""The made-up registered study, and the files of the real ones where they are."""

from __future__ import annotations

from registered_fixtures import files_of, made_up

__all__ = ["files_of", "made_up"]
