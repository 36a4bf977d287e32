"""Studies whose answers a program made: checked, described, built and published as what they are."""

from __future__ import annotations

import csv
import json

import pytest
import yaml
from PIL import Image
from study_generator.changed_example import of_people
from study_generator.raw_exports import imported, write_table

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.description.figures import _figure
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import ConfigurationError
from hmix_hub.origin import SYNTHETIC_MARK, origin_of
from hmix_hub.plots.figure import WARNING
from hmix_hub.schema import CURRENT
from hmix_hub.sources import JUDGMENT_FILES, resolve_source
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.folder import RECORD
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER, columns

REPOSITORY = "lab/made-up"


@pytest.fixture
def synthetic(tmp_path):
    return write_files(tmp_path / "synthetic", example_study(INFER))


def test_what_is_built_says_everywhere_that_it_is_synthetic(synthetic, tmp_path):
    built = build(Study.open(synthetic), tmp_path / "built")
    card = (built.path / "README.md").read_text(encoding="utf-8")
    metadata, body = card.split("\n---\n", 1)
    said = yaml.safe_load(metadata.removeprefix("---\n"))
    assert "synthetic" in said["tags"]
    assert "human-judgments" not in said["tags"]
    assert said["annotations_creators"] == ["machine-generated"]
    assert body.strip().splitlines()[2].startswith("> **SYNTHETIC: made by a program, not by people.**")
    croissant = json.loads((built.path / "croissant.json").read_text(encoding="utf-8"))
    assert croissant["rai:hasSyntheticData"] is True
    assert "synthetic" in croissant["keywords"]
    assert json.loads((built.path / "statistics.json").read_text(encoding="utf-8"))["synthetic"] is True
    assert json.loads((built.path / RECORD).read_text(encoding="utf-8"))["synthetic"] is True
    for config in (INFER, f"{INFER}_by_stimulus"):
        loaded = hmix_hub.load_dataset(built.path, config, split="train")
        assert origin_of(loaded).mark == SYNTHETIC_MARK
        assert loaded.features == built.study.features(config)


def test_the_picture_of_its_statistics_has_a_red_mark(synthetic, tmp_path):
    path = build(Study.open(synthetic), tmp_path / "built").path / "statistics.json"
    statistics = json.loads(path.read_text(encoding="utf-8"))
    figures = statistics["tasks"][INFER]
    marked, unmarked = (_figure(figures, "title", INFER, is_synthetic=value) for value in (True, False))
    assert [text.get_color() for text in marked.texts if text.get_text() == SYNTHETIC_MARK] == [WARNING]
    assert not any(text.get_text() == SYNTHETIC_MARK for text in unmarked.texts)
    with Image.open(tmp_path / "built" / "statistics" / f"{INFER}.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(2**24)}
    assert tuple(bytes.fromhex(WARNING[1:])) in colours


def test_answers_of_participants_are_described_without_a_mark(study, tmp_path):
    built = build(Study.open(study), tmp_path / "built")
    assert "SYNTHETIC" not in (built.path / "README.md").read_text(encoding="utf-8")
    assert json.loads((built.path / "croissant.json").read_text(encoding="utf-8"))["rai:hasSyntheticData"] is False


def test_a_synthetic_study_is_published_only_as_one(synthetic, hub):
    with pytest.raises(ConfigurationError, match="its answers are simulated") as caught:
        publish(Study.open(synthetic), REPOSITORY, dry_run=True)
    assert "--synthetic" in str(caught.value.hint)
    assert publish(Study.open(synthetic), REPOSITORY, push=True, synthetic=True).action == "pushed"
    assert origin_of(hmix_hub.load_dataset(REPOSITORY, INFER, split="train")).mark == SYNTHETIC_MARK


def test_a_study_of_participants_is_not_published_as_synthetic(study):
    with pytest.raises(ConfigurationError, match="not marked as synthetic"):
        publish(Study.open(study), REPOSITORY, dry_run=True, synthetic=True)


def test_marked_answers_cannot_be_copied_into_a_study_of_participants(tmp_path):
    files = example_study(INFER)
    head, *lines = files[f"judgments/{INFER}.csv"].decode().splitlines()
    marked = "\n".join([f"{head},flags", *(f"{line},synthetic" for line in lines)]) + "\n"
    files[f"judgments/{INFER}.csv"] = marked.encode()
    assert not check_study(Study.open(write_files(tmp_path / "marked", files))).errors
    errors = check_study(Study.open(write_files(tmp_path / "copied", of_people(files)))).errors
    assert [(found.rule.code, found.column, found.count) for found in errors] == [("HMX527", "flags", len(lines))]


def test_the_mark_goes_down_to_schema_1_0_0_and_comes_back_up(synthetic):
    from hmix_hub.judgments.migration import migrate
    from hmix_hub.judgments.released import Provenance
    from hmix_hub.tables import arrow_columns

    released = hmix_hub.load_dataset(synthetic, INFER, split="train", schema_version="1.0.0")
    assert released.column_names == [*(column.name for column in columns(INFER, "1.0.0")), "synthetic"]
    table = arrow_columns(released, released.column_names)
    back = migrate(table, INFER, start="1.0.0", target=CURRENT, provenance=Provenance("back"))
    assert all("synthetic" in flags for flags in back["flags"].to_pylist())


def test_the_mark_of_an_export_is_read_however_truth_is_written(tmp_path):
    header, *rows = csv.reader(resolve_source("sample").path(JUDGMENT_FILES[INFER]).read_text("utf-8").splitlines()[:6])
    marks = ["true", "TRUE", "1", "0", "False"]
    written = [[*row, mark] for row, mark in zip(rows, marks, strict=True)]
    write_table(tmp_path / "raw.csv", [*header, "synthetic"], *written)
    assert [row["flags"] for row in imported(tmp_path)[1]] == ["synthetic"] * 3 + [""] * 2
