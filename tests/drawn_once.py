"""Fixture: pictures of statistics that were drawn before are written again rather than drawn again.

Most of a build's time is matplotlib's, and the same statistics give the same bytes, which test_figures.py checks, where
every picture is drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hmix_hub.contribute.description import figures
from hmix_hub.contribute.description.totals import statistics_text

_DRAWN: dict[tuple[str, str], bytes] = {}
_save = figures._save


def _save_again(statistics: dict[str, Any], task: str, path: Path, digest: str) -> None:
    key = (statistics_text(statistics), task)
    if key in _DRAWN:
        path.write_bytes(_DRAWN[key])
        return
    _save(statistics, task, path, digest)
    _DRAWN[key] = path.read_bytes()


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw each picture of statistics once per process."""
    monkeypatch.setattr(figures, "_save", _save_again)
