"""Fixtures: a Hub on this machine, and example studies on disk."""

from __future__ import annotations

import pytest
from hub_server.fixtures import hub, login, waits
from made_votes import write_votes
from raw_rows import rows_of
from study_generator.changed_example import of_people

from hmix_hub.studies.example import example_study, write_files
from hmix_hub.tasks import INFER

__all__ = ["hub", "login", "waits"]


@pytest.fixture
def study(tmp_path):
    """The example study of infer_mixing_factor in a folder, as if participants had given its answers."""
    return write_files(tmp_path / "example-study", of_people(example_study(INFER)))


@pytest.fixture
def make_study(tmp_path):
    """Write the example study of a task, changed and as if participants had answered, into a folder of its own."""

    def make(task=INFER, change=lambda files: None, name=None):
        files = of_people(example_study(task))
        change(files)
        return write_files(tmp_path / (name or f"study-{task}"), files)

    return make


@pytest.fixture
def edit():
    """Replace a piece of a file's text."""

    def replace(path, old, new):
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


@pytest.fixture
def read(tmp_path):
    """Read a raw file of some content: its rows, and what was remarked."""

    def read(name, content, **layout):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return rows_of(tmp_path / name, **layout)

    return read


@pytest.fixture
def votes(tmp_path):
    """Write a study of votes into a folder of the test's own; see `write_votes`."""

    def write(rows, name="votes", **options):
        return write_votes(tmp_path / name, rows, **options)

    return write
