"""Laws of explorers: whatever a valid study holds, each row on the page is that row of the judgments."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
from explored import metadata_of, table_of
from hypothesis import given, settings
from study_generator.studies import studies

import hmix_hub
from hmix_hub.explorer.writing import write_explorer
from hmix_hub.studies.example import write_files


def as_told(value, kind, classes, names):
    """Return a value of the page as `datasets` has it."""
    if value == -1 or (isinstance(value, float) and math.isnan(value)) or value == [-1] * len(classes):
        return None
    if kind == "class":
        return names.index(classes[value])
    if kind == "classes":
        return [names.index(classes[code]) for code in value]
    return value


@settings(max_examples=8)
@given(study=studies())
def test_every_row_and_stimulus_is_the_judgments_own(study):
    with tempfile.TemporaryDirectory() as scratch:
        folder, page = Path(scratch) / "study", Path(scratch) / "page"
        write_files(folder, study.written())
        write_explorer(folder, page, cifar10="/nowhere", for_disk=False)
        loaded = hmix_hub.load_dataset(folder, study.task, split="train")
        told = metadata_of(page)
        (task,) = told["tasks"]
        table, stimuli = table_of(page, study.task), table_of(page, f"{study.task}.stimuli")
    names = loaded.features["image_1_label"].names
    for column in task["columns"]:
        if column["kind"] in {"row", "flags"}:
            continue
        found = table[column["name"]].to_pylist()
        assert [as_told(one, column["kind"], told["classes"], names) for one in found] == list(loaded[column["name"]])
    key = task["facet"], "stimulus_id" if task["coefficient"] == "mixing_coefficient" else "pair_id"
    of_rows = stimuli.take(table["stimulus"]).to_pylist()
    for name, own in (("stimulus_id", key[1]), ("pair_id", "pair_id"), ("image_set", "image_set")):
        assert [row[name] for row in of_rows] == loaded[own]
    if task["facet"]:
        assert [row[task["facet"]] for row in of_rows] == loaded[task["facet"]]
    assert np.bincount(table["stimulus"].to_numpy()).min() >= 1
