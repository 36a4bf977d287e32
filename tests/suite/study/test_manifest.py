"""The manifest of the export is valid whenever the study file was taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from suite.study.files import STUDY, changed, write_study

from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.manifest_fields import PLACEHOLDER
from hmix_hub.suite.starter import PRESETS, write_collection
from hmix_hub.suite.study.manifest import manifest_of
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import read_study_file


def _manifest(study: StudyFile, *, is_synthetic: bool) -> tuple[dict[str, Any], Manifest]:
    content = manifest_of(study, first="2025-03", last="2025-05", is_synthetic=is_synthetic)
    return content, Manifest.model_validate(content)


def test_a_manifest_says_what_the_study_file_says(tmp_path: Path) -> None:
    study = read_study_file(write_study(tmp_path))

    _, manifest = _manifest(study, is_synthetic=False)

    assert (manifest.id, manifest.title, manifest.licence) == ("small-study", "A small study", "CC0-1.0")
    assert manifest.ethics.consent == "Please take part."
    assert manifest.tasks == ["construct_midpoint", "infer_mixing_factor"]
    assert (manifest.collected.first, manifest.collected.last) == ("2025-03", "2025-05")
    assert (manifest.image_set, len(manifest.vocabulary)) == ("sample/pictures", 10)


@pytest.mark.parametrize("title", ["A small study", "Curly } and { braces", "Per cent %, #, \\\\"])
def test_without_a_citation_one_is_made(title: str, tmp_path: Path) -> None:
    study = read_study_file(write_study(tmp_path, changed("A small study", f"'{title}'")))

    bibtex = _manifest(study, is_synthetic=False)[1].citation.bibtex or ""

    assert bibtex.startswith("@misc{small-study,")
    assert "author = {Ada Example}" in bibtex
    assert "year = {2025}" in bibtex


def test_a_citation_that_is_given_is_kept(tmp_path: Path) -> None:
    text = changed("licence: CC0-1.0", "licence: CC0-1.0\n  doi: 10.5281/zenodo.1234567")

    citation = _manifest(read_study_file(write_study(tmp_path, text)), is_synthetic=False)[1].citation

    assert (citation.doi, citation.bibtex) == ("10.5281/zenodo.1234567", None)


def test_own_pictures_are_named_after_the_study(tmp_path: Path) -> None:
    text = STUDY.replace("source: sample/pictures", "source: own\n  classes: [cat, dog, fox]")
    text = text.replace("    batches: 2\n", "").replace("per_class_pair: 1", "per_class_pair: 5")

    manifest = _manifest(read_study_file(write_study(tmp_path, text)), is_synthetic=False)[1]

    assert (manifest.image_set, manifest.vocabulary.names) == ("small-study/pictures", ("cat", "dog", "fox"))


@pytest.mark.parametrize("preset", PRESETS)
def test_simulated_answers_say_that_no_person_took_part(preset: str, tmp_path: Path) -> None:
    write_collection(tmp_path / "study", preset=preset)
    study = read_study_file(tmp_path / "study", allow_placeholders=True)

    content, manifest = _manifest(study, is_synthetic=True)

    assert PLACEHOLDER not in str(content)
    assert "no person took part" in manifest.description
    assert "no person took part" in manifest.ethics.approval
    assert "no person took part" in manifest.ethics.consent
    assert "simulated" in manifest.recruitment


def test_the_manifest_says_what_the_page_of_the_categorical_task_asks(tmp_path: Path) -> None:
    write_collection(tmp_path / "study", preset="paper-2023")
    study = read_study_file(tmp_path / "study", allow_placeholders=True)

    _, manifest = _manifest(study, is_synthetic=True)

    assert "categorical_soft_labels" in manifest.tasks
    assert manifest.asked == ("probabilities", "second_class", "impossible_classes")
    assert manifest.procedure == "released"


def test_a_study_without_the_categorical_task_says_nothing_of_soft_labels(tmp_path: Path) -> None:
    content, _ = _manifest(read_study_file(write_study(tmp_path)), is_synthetic=False)

    assert "soft_labels" not in content
