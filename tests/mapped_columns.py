"""Columns of a judgment file as a column map makes them of a small raw file, or what is said where it cannot."""

from __future__ import annotations

import pytest
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.errors import ConfigurationError
from hmix_hub.tasks import CATEGORICAL

RAW = ["who", "n", "a"]
CHOICE = {
    "participant_id": "who",
    "trial_index": "n",
    "response_time_ms": '{constant: ""}',
    "image_1_label": "{constant: cat}",
    "image_1_index": '{constant: "0"}',
    "image_2_label": '{constant: ""}',
    "image_2_index": '{constant: ""}',
    "mixing_coefficient": '{constant: "1"}',
    "top_class": "{constant: cat}",
    "top_probability": '{constant: "1"}',
    "second_class": '{constant: ""}',
    "second_probability": '{constant: ""}',
    "impossible_classes": '{constant: ""}',
}


def columns_of(folder, header, *rows, task="infer_mixing_factor", keep="", above="", **columns):
    """Import a raw file by a map: what came of its columns, by name, in the order of the rows."""
    names = write_map(folder, keep, task=task, **(CHOICE | columns if task == CATEGORICAL else columns))
    names.write_text(above + names.read_text("utf-8"), "utf-8")
    write_table(folder / "raw.csv", header, *rows)
    done, found = imported(folder, task=task, map_file=names)
    wanted = [name for name in columns if name in found[0]]
    return done, {name: [row[name] for row in found] for name in wanted}


def refused(folder, header, *rows, error=ConfigurationError, **options):
    """Import a raw file that cannot be: the error's text."""
    with pytest.raises(error) as caught:
        columns_of(folder, header, *rows, **options)
    assert not (folder / "study").exists()
    return str(caught.value)
