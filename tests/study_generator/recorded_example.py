"""The example study with all columns of how answers came about."""

from __future__ import annotations

import csv
import io
import random

from hmix_hub.schema import CIFAR10, Kind
from hmix_hub.studies.example import csv_bytes, example_study
from hmix_hub.studies.rules.rule import Files
from hmix_hub.tasks import INFER, columns
from study_generator.formats import cell
from study_generator.recorded import recorded


def recorded_example(task: str = INFER) -> Files:
    """Return the example study of a task, each row with how its answer came about, some of it not known."""
    files = example_study(task)
    path = f"judgments/{task}.csv"
    numbers = {column.name for column in columns(task) if column.kind is Kind.FLOAT64}
    rows = []
    rng = random.Random(task)
    for row in csv.DictReader(io.StringIO(files[path].decode())):
        typed = {name: float(value) if name in numbers and value else value for name, value in row.items()}
        made = recorded(rng, task, typed, list(CIFAR10.names))
        rows.append(row | {name: cell(value) for name, value in made.items()})
    return files | {path: csv_bytes(rows)}
