"""Raw files of a small export, and a column map that fits them."""

from __future__ import annotations

import csv

from hmix_hub.contribute.importer import import_raw
from hmix_hub.tasks import INFER

COLUMNS = {
    "participant_id": "who",
    "trial_index": "n",
    "response_time_ms": '{constant: ""}',
    "image_1_label": "{constant: ship}",
    "image_1_index": '{constant: "1"}',
    "image_2_label": "{constant: cat}",
    "image_2_index": '{constant: "0"}',
    "mixing_coefficient": '{constant: "0.5"}',
    "inferred_coefficient": "{column: a, divide: 100}",
    "confidence": '{constant: ""}',
}


def write_map(folder, rows="", task=INFER, **columns):
    """Write a column map: `COLUMNS`, but for those that are given."""
    chosen = columns if task != INFER else COLUMNS | columns
    lines = [f"task: {task}", *([f"rows: {rows}"] if rows else []), "columns:"]
    (folder / "map.yaml").write_text("\n".join([*lines, *(f"  {n}: {how}" for n, how in chosen.items())]), "utf-8")
    return folder / "map.yaml"


def write_table(path, header, *rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def imported(folder, *files, task=INFER, **options):
    """Import raw files: what came of it, and the rows of the judgment file."""
    done = import_raw(files or [folder / "raw.csv"], folder / "study", **options)
    with (folder / "study" / "judgments" / f"{task}.csv").open(newline="", encoding="utf-8") as stream:
        return done, list(csv.DictReader(stream))
