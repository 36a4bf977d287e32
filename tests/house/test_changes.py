"""A task, a column and an image set are added by few files, and walk the road of those that are there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def changes(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import house_changes

    return house_changes


@pytest.fixture
def copy(changes, tmp_path):
    """A copy of the project from which the package can be imported as it is installed."""
    import staging

    project = staging.checkout(tmp_path / "project")
    for name in ("builders", "dataset_cards"):
        shutil.copytree(project / name, project / "hmix_hub" / name)
    # An editable installation of the checkout would go before the copy, in processes that a command starts, too.
    (project / "sitecustomize.py").write_text(
        "import sys\nsys.meta_path[:] = [one for one in sys.meta_path if 'editable' not in type(one).__module__]\n"
    )
    return project


def run(project, *words):
    environment = os.environ | {"PYTHONPATH": str(project), "HMIX_CACHE": str(project / "cache")}
    environment |= {"HF_HOME": str(project / "huggingface"), "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run(
        [sys.executable, *words], cwd=project.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-6000:]
    return ran.stdout


def test_an_added_task_of_one_file_per_home_walks_the_whole_road(changes, copy, tmp_path):
    touched = changes.add_task(copy)
    assert len(touched) <= 6
    (tmp_path / "road").mkdir()
    told = run(copy, copy / "tests/task_road.py", changes.TASK, tmp_path / "road")
    assert told.split() == ["contribute", "load", "look", "collect"]


_COLUMN = """
import csv, sys
from pathlib import Path
import hmix_hub
from task_road import command

name, version, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
command("contribute", "init", folder, "--example")
assert version in (folder / "study.yaml").read_text()
path = folder / "judgments/infer_mixing_factor.csv"
rows = list(csv.DictReader(path.open()))
for number, row in enumerate(rows):
    row[name] = str(number % 3 + 1)
with path.open("w", newline="") as file:
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows(rows)
command("contribute", "validate", folder)
load = lambda version: hmix_hub.load_dataset(str(folder), split="train", schema_version=version)
assert load(version)[name][:4] == [1, 2, 3, 1]
assert name not in load("2.1.0").column_names
assert name not in load("1.0.0").column_names
h_mix = hmix_hub.load_dataset("h-mix", split="train", source="sample")
assert set(h_mix[name]) == {None}
rows[0][name] = "-1"
with path.open("w", newline="") as file:
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows(rows)
assert name in command("contribute", "validate", folder, status=1)
"""


def test_a_column_is_added_by_its_task_and_its_version(changes, copy, tmp_path):
    assert len(changes.add_column(copy)) <= 2
    code = f"import sys; sys.path.insert(0, {str(copy / 'tests')!r})\n{_COLUMN}"
    run(copy, "-c", code, changes.COLUMN, changes.VERSION, tmp_path / "study")


_IMAGE_SET = """
import sys
from pathlib import Path
import hmix_hub
from task_road import command

name, folder = sys.argv[1], Path(sys.argv[2])
command("contribute", "init", folder, "--example")
manifest = folder / "study.yaml"
manifest.write_text(manifest.read_text().replace("source: cifar10/test", f"source: {name}"))
table = folder / "judgments/infer_mixing_factor.csv"
from hmix_hub.sources.image_sets import IMAGE_SETS
labels, vocabulary = IMAGE_SETS[name].labels(), IMAGE_SETS[name].vocabulary
header, *rows = [line.split(",") for line in table.read_text().splitlines()]
place = {column: number for number, column in enumerate(header)}
for row in rows:
    for which in ("1", "2"):
        index = int(row[place[f"image_{which}_index"]]) % len(labels)
        row[place[f"image_{which}_index"]] = str(index)
        row[place[f"image_{which}_label"]] = vocabulary.names[labels[index]]
rows = [row for row in rows if row[place["image_1_label"]] != row[place["image_2_label"]]]
table.write_text("\\n".join(map(",".join, [header, *rows])) + "\\n")
command("contribute", "validate", folder)
command("contribute", "card", folder)
assert "more of the synthetic ones" in (folder / "README.md").read_text()
ds = hmix_hub.load_dataset(str(folder), split="train", images="mixed")
assert set(ds["image_set"]) == {name}
assert ds[0]["image"].size == (32, 32)
"""


def test_a_built_in_image_set_is_added_by_one_entry(changes, copy, tmp_path):
    assert len(changes.add_image_set(copy)) == 1
    code = f"import sys; sys.path.insert(0, {str(copy / 'tests')!r})\n{_IMAGE_SET}"
    run(copy, "-c", code, changes.IMAGE_SET, tmp_path / "study")
