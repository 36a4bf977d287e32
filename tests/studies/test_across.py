"""Rules across rows show the same of a file in several parts as of one: rows that share a key are in one part."""

from __future__ import annotations

import csv
import io
import random

import pytest

from hmix_hub.database import Database
from hmix_hub.studies.checks.across import KEYS, Ask
from hmix_hub.studies.checks.judgment_file import FileChecks
from hmix_hub.studies.checks.rows import ROWS
from hmix_hub.studies.example import csv_bytes, example_study
from hmix_hub.studies.findings import Report
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER, TASKS


class AskParts(Ask):
    """Asks each of several databases that hold parts of the rows."""

    n_parts = 3

    def __init__(self, database, task):
        super().__init__(database)
        self.task = task

    def __call__(self, key, question, *given):
        answers = []
        for part in range(self.n_parts):
            with Database() as database:
                of_part = f"coalesce(hash({KEYS[key](self.task)}) % {self.n_parts}, 0) = {part}"
                database.insert(ROWS, self.database.table(f"select * from rows where {of_part} order by row desc"))
                answers.append(question(database, *given))
        return answers[::-1]


def broken(task, seed):
    """Return a study in which some rows stand twice, or in part, and people and pairs in two ways."""
    rng = random.Random(seed)  # noqa: S311
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


@pytest.mark.parametrize("task", [INFER, CATEGORICAL])
@pytest.mark.parametrize("seed", range(3))
def test_parts_show_what_the_file_shows(task, seed, write):
    folder = write(broken(task, seed))
    found = []
    for of_parts in (False, True):
        study, report = Study.open(folder, is_draft=True), Report()
        checks = FileChecks(study.folder, study.manifest, task, report)
        with Database() as database:
            for _ in checks.chunks(None, lambda rows: database.insert(ROWS, rows)):
                pass
            checks.finish(AskParts(database, task) if of_parts else Ask(database))
        found.append(report.as_dict())
    assert found[0] == found[1]
    codes = {finding["code"] for finding in found[0]["findings"]}
    assert codes >= {"HMX570", "HMX571", "HMX573", "HMX564", "HMX591", "HMX592", "HMX597"}
