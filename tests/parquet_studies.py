"""Example studies in Parquet, and some whose rows break the rules across rows."""

from __future__ import annotations

import csv
import io
import random

import pyarrow as pa
from pyarrow import parquet

from hmix_hub.studies.example import csv_bytes, example_study
from hmix_hub.tasks import TASKS


def broken(task, seed):
    """Return a study in which some rows stand twice, or in part, and people and pairs in two ways."""
    rng = random.Random(seed)
    files = example_study(task)
    name = f"judgments/{task}.csv"
    rows = list(csv.DictReader(io.StringIO(files[name].decode())))
    for number in range(5):
        rows += [row | {"participant_id": f"{row['participant_id']}{number}"} for row in rows[:36]]
    for place, row in enumerate(rows):
        row["collection_round"] = "1"
        row["response_time_ms"] = str(rng.choice([50, *range(500, 3000)]))
        row["server_elapsed_ms"] = str(10**7 if place % 144 > 36 else place)
    copied = rng.sample(rows, 8)
    rows += [*copied, *(row | {"collection_round": "2"} for row in copied[:3])]
    rows += [row | {"participant_id": "again"} for row in rows[36:72]]
    for row in rng.sample(rows, 10):
        for part in ("index", "label"):
            one, other = f"image_1_{part}", f"image_2_{part}"
            row[one], row[other] = row[other], row[one]
    for row in rng.sample(rows, 10):
        row["is_repeat"] = "true"
    for row in rng.sample(rows, 3):
        row[rng.choice(["image_1_label", "trial_index", "mixing_coefficient"])] = "nothing"
    for row in rows[72:108]:
        row |= {name: rows[72][name] for name in TASKS[task].answer}
    files[name] = csv_bytes(rows)
    return files


def write_parquet(files, task, folder):
    """Write a study into a folder, its judgments as texts in Parquet, of many row groups; return the folder."""
    name = f"judgments/{task}.csv"
    rows = list(csv.DictReader(io.StringIO(files[name].decode())))
    table = pa.table({column: [row[column] for row in rows] for column in rows[0]})
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if path == name:
            parquet.write_table(table, folder / f"judgments/{task}.parquet", row_group_size=50)
        else:
            (folder / path).write_bytes(content)
    return folder
