"""Privacy of the judgments' own columns: demographics and single remarks."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.study import Study


def test_demographics_in_the_judgments_count_as_those_of_participants(make_study):
    def change(files):
        lines = files["judgments/infer_mixing_factor.csv"].decode().splitlines()
        people = {line.split(",")[0]: number for number, line in enumerate(lines)}
        added = [f"{lines[0]},x_age", *(f"{line},{20 + people[line.split(',')[0]]}" for line in lines[1:])]
        files["judgments/infer_mixing_factor.csv"] = ("\n".join(added) + "\n").encode()

    found = {(one.rule.code, one.file, one.column) for one in scan_privacy(Study.open(make_study(change=change)))}
    assert found == {("HMX608", "judgments/infer_mixing_factor.csv", "x_age")}


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.string(), pa.binary(), pa.list_(pa.int8())], ids=str)
def test_demographics_are_counted_whatever_their_type(make_study, kind):
    study = make_study()
    table = csv.read_csv(study / "judgments/infer_mixing_factor.csv")
    numbers = table["participant_id"].combine_chunks().dictionary_encode().indices.to_pylist()
    ages = [[age] if pa.types.is_list(kind) else age for age in map(int, numbers)]
    values = pa.array(map(str, ages)).cast(kind) if kind in {pa.string(), pa.binary()} else pa.array(ages, kind)
    parquet.write_table(table.append_column("x_age", values), study / "judgments/infer_mixing_factor.parquet")
    (study / "judgments/infer_mixing_factor.csv").unlink()
    (found,) = scan_privacy(Study.open(study))
    assert (found.rule.code, found.column, found.count) == ("HMX608", "x_age", len(set(numbers)))


@pytest.mark.parametrize("rows", [1, 8])
def test_a_single_remark_among_many_rows_is_free_text(make_study, rows):
    def change(files):
        lines = files["judgments/infer_mixing_factor.csv"].decode().splitlines()
        said = "I am Jane Doe and work at the bakery in Elm Street"
        added = [f"{lines[0]},x_note", *(f"{line},{said if n < rows else ''}" for n, line in enumerate(lines[1:]))]
        files["judgments/infer_mixing_factor.csv"] = ("\n".join(added) + "\n").encode()

    (found,) = scan_privacy(Study.open(make_study(change=change))).findings
    assert (found.rule.code, found.column, found.count) == ("HMX609", "x_note", rows)
