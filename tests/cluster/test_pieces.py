"""Pieces of a Parquet file: checked by themselves and merged, they show what the whole file shows."""

from __future__ import annotations

import csv
import io
import pickle
import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from hmix_hub.studies.checks.judgment_file import FileChecks
from hmix_hub.studies.example import example_study
from hmix_hub.studies.findings import MOST_PLACES, Report, Reporter
from hmix_hub.studies.pictures import known_pictures
from hmix_hub.studies.reading.chunks import WHOLE
from hmix_hub.studies.reading.parquet_file import pieces_of
from hmix_hub.studies.rules import columns as rules
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER, RATING

_BAD = ("", "70%", "12", "0.5", "1e9", "-1", "dog", "none", " 0.25", "0,5", "[1, 2]", "true")


@pytest.fixture(scope="module", params=[INFER, CATEGORICAL, RATING])
def study(request, tmp_path_factory):
    """Return the example study of a task, and the columns of its judgments as text."""
    folder = tmp_path_factory.mktemp("study")
    files = example_study(request.param)
    name = f"judgments/{request.param}.csv"
    rows = list(csv.reader(io.StringIO(files.pop(name).decode())))
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "judgments").mkdir(exist_ok=True)
    return folder, request.param, {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def write(folder, task, columns, group):
    path = folder / f"judgments/{task}.parquet"
    parquet.write_table(pa.table(columns), path, row_group_size=group)
    return path


def shown_by(folder, pieces, pictures=None):
    """Return what the rows of pieces show by themselves, each piece checked as in a process of its own."""
    opened = Study(folder)
    [task] = opened.folder.judgments
    whole = FileChecks(opened.folder, opened.manifest, task, Report())
    for piece in pieces:
        checks = FileChecks(opened.folder, opened.manifest, task, Report())
        for _ in checks.chunks(pictures, lambda rows: None, piece):
            pass
        whole.merge(pickle.loads(pickle.dumps(checks)))
    # Across rows nothing is looked at here.
    whole.finish(None)
    return whole.reporter.report.as_dict()


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), group=st.integers(5, 60), size=st.integers(40, 150))
def test_pieces_show_what_the_file_shows(study, seed, group, size):
    folder, task, columns = study
    rng = random.Random(seed)
    changed = {name: list(values) for name, values in columns.items()}
    for name in rng.sample(sorted(changed), rng.randrange(4)):
        for row in rng.sample(range(len(changed[name])), rng.choice([1, 5, len(changed[name])])):
            changed[name][row] = rng.choice(_BAD)
    for name in rng.sample(sorted(changed), rng.choice([0, 0, 0, 1])):
        changed[rng.choice([f" {name}", "mood"])] = changed.pop(name)
    path = write(folder, task, changed, group)

    pieces = pieces_of(path, size)

    assert sum(piece.rows for piece in pieces) == len(next(iter(columns.values())))
    opened = Study(folder)
    pictures = known_pictures(opened.manifest, opened.folder, Report())
    assert shown_by(folder, pieces, pictures) == shown_by(folder, [WHOLE], pictures)


@pytest.mark.parametrize("study", [INFER], indirect=True)
def test_percentages_of_two_pieces_are_one_fault_of_the_column(study):
    folder, task, columns = study
    percent = {**columns, "inferred_coefficient": [str(100 * float(x)) for x in columns["inferred_coefficient"]]}
    pieces = pieces_of(write(folder, task, percent, 20), 20)

    [finding] = [found for found in shown_by(folder, pieces)["findings"] if found["column"] == "inferred_coefficient"]

    assert len(pieces) > 2
    assert finding["code"] == rules.PERCENT.code
    assert finding["count"] == sum(100 * float(x) > 1 for x in columns["inferred_coefficient"])


def test_what_is_no_parquet_file_or_a_damaged_one_is_one_piece(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")

    assert [pieces_of(tmp_path / name) for name in ("a.csv", "a.parquet", "none.parquet")] == [[WHOLE]] * 3


def test_reports_merge_in_the_order_of_the_rows_and_tell_of_the_file_once():
    reports = [Report(), Report()]
    for number, report in enumerate(reports):
        here = Reporter(report, "judgments/a.parquet", "x")
        here.add(rules.COLUMN_UNTIDY, note="as a whole")
        here.add_rows(file_rules.ENCODING, range(60 * number, 60 * number + 60))
        report.rows["judgments/a.parquet"] = 60
    reports[0].merge(pickle.loads(pickle.dumps(reports[1])))
    untidy, encoding = sorted(reports[0], key=lambda found: found.count)

    assert (untidy.count, len(untidy.spots)) == (1, 1)
    assert encoding.count == 120
    assert [spot.row for spot in encoding.spots] == list(range(MOST_PLACES))
    assert reports[0].rows == {"judgments/a.parquet": 120}
