"""Fixtures: of statistics of one shape one picture is drawn, and marked with the statistics of each.

Most of a build's time is matplotlib's; test_figures.py checks what pictures show, and draws every one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from hmix_hub.contribute.description import figures

_DRAWN: dict[Hashable, Image.Image] = {}
_save = figures._save


def _shape(value: Any) -> Hashable:
    """Return what a picture has as many parts as: names and lengths, but no number."""
    if isinstance(value, dict):
        return tuple((name, _shape(part)) for name, part in value.items())
    if isinstance(value, list):
        return len(value), frozenset(map(_shape, value))
    return type(value)


def _save_again(statistics: dict[str, Any], task: str, path: Path, digest: str) -> None:
    key = (task, statistics["synthetic"], _shape(statistics["tasks"][task]))
    if key not in _DRAWN:
        _save(statistics, task, path, digest)
        with Image.open(path) as picture:
            picture.load()
            _DRAWN[key] = picture
        return
    mark = PngImagePlugin.PngInfo()
    mark.add_text(figures.ENTRY, digest)
    _DRAWN[key].save(path, format="PNG", pnginfo=mark, compress_level=1)


# For the whole session: a fixture of every test's own would change the order in which others end.
@pytest.fixture(autouse=True, scope="session")
def drawn_once() -> Iterator[None]:
    """Draw a picture for each shape of statistics."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "_save", _save_again)
        yield


@pytest.fixture
def drawn_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw every picture."""
    monkeypatch.setattr(figures, "_save", _save)
