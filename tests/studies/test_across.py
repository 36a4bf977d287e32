"""Rules across rows show the same of a file in several parts as of one: rows that share a key are in one part."""

from __future__ import annotations

import pytest
from broken_rows import broken

from hmix_hub.database import Database
from hmix_hub.studies.checks.across import KEYS, Ask
from hmix_hub.studies.checks.judgment_file import FileChecks
from hmix_hub.studies.checks.rows import ROWS
from hmix_hub.studies.findings import Report
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
