"""The structure of the package: no import circle, no module too long, few short ones."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def house(root):
    import sys

    sys.path.insert(0, str(root / "scripts"))
    try:
        import house
    finally:
        sys.path.remove(str(root / "scripts"))
    return house


def test_no_modules_import_each_other_in_a_circle(house, root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    assert house.import_circles() == []


def test_a_module_is_one_noun(house):
    lines = house.module_lines()
    assert {path.name: count for path, count in lines.items() if count > 350} == {}
    assert len(lines) <= 426
    assert sum(count < house.SHORT for count in lines.values()) <= 60
