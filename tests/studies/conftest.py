"""Fixtures: a study folder written from the content of its files."""

from __future__ import annotations

import shutil

import pytest

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.example import example_study
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER


def write_study(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith(b"-> "):
            path.symlink_to(content[3:].decode())
        else:
            path.write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def write_files():
    """Write files, by path, into a folder."""
    return write_study


@pytest.fixture(scope="module")
def put(tmp_path_factory):
    """Write a generated study in place of the one before."""
    place = tmp_path_factory.mktemp("generated") / "study"

    def replace(study):
        shutil.rmtree(place, ignore_errors=True)
        return write_study(place, study.written())

    return replace


@pytest.fixture
def write(tmp_path):
    """Write a study folder."""
    return lambda files: write_study(tmp_path / "study", files)


@pytest.fixture
def check(tmp_path):
    """Check the example study of a task, privacy included, after a change of its files; the report."""
    (tmp_path / "study").mkdir()

    def change_and_validate(change=lambda files: None, task=INFER, **options):
        files = example_study(task)
        change(files)
        folder = write_study(tmp_path / "study", files)
        report = check_study(Study.open(folder, **options))
        for found in scan_privacy(Study.open(folder)):
            # The scan passes on, too, what cannot be read.
            if report.has(found.rule):
                continue
            report.add_rows(found.rule, [spot.row for spot in found.spots], [None] * len(found.spots), file=found.file)
        return report

    return change_and_validate
