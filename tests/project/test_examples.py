"""Examples in docstrings: every public name has one, and all of them run."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import hmix_hub

_PACKAGE = Path(hmix_hub.__file__).parent
MODULES = [
    ".".join((_PACKAGE.name, *path.relative_to(_PACKAGE).with_suffix("").parts))
    for path in sorted(_PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


def without_example():
    """Yield the public functions, classes and methods that no example calls; a class's examples serve its methods.

    Methods that a library calls and documents, such as `forward` of PyTorch, need none.
    """
    for name in sorted(set(hmix_hub.__all__) - {"__version__"}):
        value = getattr(hmix_hub, name)
        if ">>> " not in (inspect.getdoc(value) or ""):
            yield name
        for member, method in inspect.getmembers(value, inspect.isroutine) if inspect.isclass(value) else ():
            homes = [base for base in value.__mro__ if member in vars(base)]
            if member.startswith("_") or any(not base.__module__.startswith("hmix_hub.") for base in homes):
                continue
            texts = "\n".join(inspect.getdoc(one) or "" for one in (method, value, *homes))
            if f".{member}" not in "".join(example.source for example in doctest.DocTestParser().get_examples(texts)):
                yield f"{name}.{member}"


@pytest.fixture
def hub(monkeypatch):
    """A Hub that holds one study."""
    from huggingface_hub import DatasetInfo, HfApi

    study = DatasetInfo(id="lab/mixed-pets", downloads=0, likes=0, private=False, gated=False, disabled=False, tags=[])
    monkeypatch.setattr(HfApi, "list_datasets", lambda self, **options: [study])


def test_every_public_name_has_an_example():
    assert list(without_example()) == []


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("hub")
def test_examples_run(module, record_testsuite_property, monkeypatch, tmp_path, load_sample):
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.chdir(tmp_path)
    load_sample()
    found = doctest.testmod(importlib.import_module(module))
    record_testsuite_property(f"examples in {module}", found.attempted)
    assert found.attempted > 0
    assert found.failed == 0
