"""Rules across rows show the same of a file in several parts as of one, and of few rows they may not be asked."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parquet_studies import broken

from hmix_hub.database import Database
from hmix_hub.studies.checks.across import check_across, nothing_across
from hmix_hub.studies.checks.judgment_file import FileChecks
from hmix_hub.studies.checks.rows import KEYS, ROWS, Ask
from hmix_hub.studies.example import example_study
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER


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


_ROW = st.fixed_dictionaries(
    {
        "participant": st.sampled_from(["a", "b"]),
        "trial": st.integers(0, 6),
        "first": st.integers(0, 3),
        "second": st.integers(4, 6) | st.sampled_from([0, 4]),
        "shown": st.sampled_from([0.0, -0.0, 0.5]),
        "answer_0": st.floats(0, 1),
        "answer_1": st.sampled_from([0.0, None]),
        "time": st.sampled_from([700.0, None, 1e4]) | st.floats(10, 4e6),
        "elapsed": st.sampled_from([None, None, None, 5.0]),
        "is_repeat": st.sampled_from([False, False, False, True]),
    }
)


@settings(max_examples=100)
@given(drawn=st.lists(_ROW, min_size=1, max_size=5), is_symmetric=st.booleans())
def test_few_rows_are_passed_over_only_where_nothing_is_found(drawn, is_symmetric):
    rows = pa.table(
        {name: pa.array([row[name] for row in drawn], pa.float64() if name == "elapsed" else None) for name in drawn[0]}
        | {"row": range(len(drawn)), "is_good": [True] * len(drawn), "is_read": [True] * len(drawn)}
    )
    for name in ("answer_1", "time"):
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(pa.float64()))
    if nothing_across(rows, INFER, is_symmetric=is_symmetric):
        report = Report()
        with Database() as database:
            database.insert(ROWS, rows)
            check_across(Ask(database), INFER, None, Reporter(report, "a.csv"), is_symmetric=is_symmetric)
        assert report.findings == []


def test_an_ordinary_small_file_is_passed_over(write, monkeypatch):
    monkeypatch.setattr(Database, "rows", None)
    assert Study.open(write(example_study(INFER))).report.errors == []
