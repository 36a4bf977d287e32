"""Texts of proposed column maps: what is never told, what is written, and files that are made to do harm."""

from __future__ import annotations

import csv
import io
import json
import time

import pyarrow as pa
import pytest
from click.testing import CliRunner
from made_trials import CLASSES, PEOPLE, PLAIN, answer_of, lines, raw, renamed
from study_generator.raw_exports import imported

from hmix_hub.cli.main import main
from hmix_hub.contribute.proposal import proposed_map, read_sample
from hmix_hub.errors import ConfigurationError, SchemaError, SourceMissingError
from hmix_hub.importing.column_map import ColumnMap
from hmix_hub.importing.outcome import ROW
from hmix_hub.tasks import INFER
from hmix_hub.yaml_file import parse_yaml


class TestWhatIsNeverTold:
    def test_ids_addresses_and_free_text_stand_nowhere(self):
        rows = [
            row | {"comment": f"I liked picture {n} of them", "email": f"ada{n % 3}@example.org", "ip": f"192.0.2.{n}"}
            | {"feedback": ("fine", "My name is Ada", "so so")[n % 3], "age": 30 + n % 3}
            for n, row in enumerate(renamed(PLAIN))
        ]  # fmt: skip
        text, _ = proposed_map(raw(rows))
        for secret in (*PEOPLE, "liked", "example.org", "192.0.2", "Ada"):
            assert secret not in text

    def test_names_of_users_stand_nowhere_whatever_their_column_looks_like(self):
        users = ("missy", "monkey", "coral")
        rows = [
            row | {"user_name": users[n % 3], "response_user": users[n % 2], "user_ip": f"ab{n % 3}c{n % 3}d"}
            | {"session_phase": f"practice {users[n % 3]}"}
            for n, row in enumerate(renamed(PLAIN))
        ]  # fmt: skip
        text, _ = proposed_map(raw(rows))
        for secret in (*users, "ab0c0d"):
            assert secret not in text
        assert "user_name (3 values)" in text

    @pytest.mark.parametrize("form", ["answers_{}", "{}@example.org"])
    def test_columns_called_by_people_are_counted_alone(self, form):
        rows = [row | {form.format(who): row["response"] for who in PEOPLE} for row in renamed(PLAIN)]
        text, _ = proposed_map(raw(rows))
        assert not [who for who in PEOPLE if who in text]
        assert "#   3 columns are named by what looks like a person's id or address" in text

    def test_keys_of_json_that_are_ids_stand_nowhere(self):
        rows = [row | {"response": {row["subject"]: {"animal": row["response"]}}} for row in renamed(PLAIN)]
        text, _ = proposed_map(raw(rows))
        assert not [who for who in PEOPLE if who in text]

    @pytest.mark.parametrize("key", ["id", "name", "question", "key"])
    def test_no_element_is_known_by_a_name_that_differs_from_cell_to_cell(self, key):
        names = dict(zip(PEOPLE, ("Ada", "Grace", "Edith"), strict=True))
        rows = [row | {"response": [{key: names[row["subject"]], "animal": row["response"]}]} for row in renamed(PLAIN)]
        text, _ = proposed_map(raw(rows))
        assert not [name for name in names.values() if name in text]
        assert answer_of(lines(rows)[0]) == {"column": "response", "json": "0.animal"}

    def test_names_of_columns_cannot_break_out_of_a_line(self):
        rows = [row | {"sub\nject: x\x1b[31m": n, "a # b": n % 3} for n, row in enumerate(renamed(PLAIN))]
        text, _ = proposed_map(raw(rows))
        ColumnMap.model_validate(parse_yaml(text).content)
        assert "\x1b" not in text


class TestWrittenMaps:
    def test_a_decided_map_imports_at_once(self, tmp_path):
        write(tmp_path / "raw.csv", mixtures())
        ran = CliRunner().invoke(
            main, ["contribute", "map", str(tmp_path / "raw.csv"), "-o", str(tmp_path / "map.yaml")]
        )
        assert (ran.exit_code, ran.output.splitlines()[0]) == (0, f"wrote {tmp_path / 'map.yaml'}")
        assert "TODO" not in (tmp_path / "map.yaml").read_text("utf-8")
        _, rows = imported(tmp_path, map_file=tmp_path / "map.yaml")
        assert [(row["image_1_label"], row["image_2_index"], row["inferred_coefficient"]) for row in rows[:2]] == [
            ("ship", "3", "0.7"),
            ("ship", "4", "0.41"),
        ]

    def test_a_map_loads_once_it_is_decided(self):
        text, n_open = proposed_map(
            raw([row | {"response": "fgh"[CLASSES.index(row["response"])]} for row in renamed(PLAIN)])
        )
        assert n_open == 1
        assert "# 1 line to decide: TODO." in text
        ColumnMap.model_validate(parse_yaml(text.replace("TODO", "cat")).content)

    def test_a_map_with_a_line_to_decide_is_refused_by_that_line(self, tmp_path):
        rows = [row | {"response": "fgh"[CLASSES.index(row["response"])]} for row in renamed(PLAIN)]
        write(tmp_path / "raw.csv", rows)
        (tmp_path / "map.yaml").write_text(proposed_map(raw(rows))[0], "utf-8")
        with pytest.raises(ConfigurationError, match=r"map\.yaml: chosen_class: still undecided \(TODO"):
            imported(tmp_path, map_file=tmp_path / "map.yaml")

    def test_a_file_that_is_there_stays(self, tmp_path):
        write(tmp_path / "raw.csv", mixtures())
        (tmp_path / "map.yaml").write_text("decided", "utf-8")
        ran = CliRunner().invoke(
            main, ["contribute", "map", str(tmp_path / "raw.csv"), "-o", str(tmp_path / "map.yaml")]
        )
        assert ran.exit_code == 2
        assert "this file already exists" in ran.output
        assert (tmp_path / "map.yaml").read_text("utf-8") == "decided"

    def test_without_an_output_it_is_printed(self, tmp_path):
        write(tmp_path / "raw.csv", mixtures())
        ran = CliRunner().invoke(main, ["contribute", "map", str(tmp_path / "raw.csv"), "--task", INFER])
        assert ran.output.startswith("# Proposed by `hmix contribute map`")

    def test_files_without_a_row_are_told(self, tmp_path):
        (tmp_path / "raw.csv").write_text("a,b\n", "utf-8")
        ran = CliRunner().invoke(main, ["contribute", "map", str(tmp_path / "raw.csv")])
        assert "there are no rows from which a column map could be proposed" in ran.output

    def test_sessions_are_looked_at_together(self, tmp_path):
        rows = mixtures()
        for n, person in enumerate(PEOPLE):
            write(tmp_path / f"{n}.csv", [row for row in rows if row["worker"] == person])
        (tmp_path / "3.csv").write_text("worker\n", "utf-8")
        table, _ = read_sample([tmp_path / f"{n}.csv" for n in range(4)])
        assert "by 3 participants" in proposed_map(table)[0]


class TestHostileFiles:
    def test_many_rows_columns_and_deep_json_are_looked_at(self):
        n = 30_000
        cells = pa.array([json.dumps({f"k{i % 200}": {"a": [[i]] * 3}, "deep": i}) for i in range(n)], pa.string())
        texts = {f"c{m}": pa.array(["[" * 900 if m == 1 else f"{i % (m + 2)}" for i in range(n)]) for m in range(60)}
        started = time.process_time()
        text, _ = proposed_map(pa.table({"json": cells, **texts, ROW: range(n)}))
        assert "TODO" in text
        # Processor time, since other programs make no difference to it; it takes a second.
        assert time.process_time() - started < 30

    def test_a_table_of_hundreds_of_columns_is_no_wide_one_unless_they_hold_answers(self):
        rows = [{"subject": p, **{f"mouse.x{n}": n * 1.5 + k for n in range(300)}} for k, p in enumerate(PEOPLE)]
        assert lines(rows)[1].wide is None


def mixtures():
    return [
        {
            "worker": p,
            "trial": n,
            "picture": f"ship_{n}_cat_{n + 3}_75.png",
            "slider": s,
            "rt": 2000 + s,
            "sure": 50 + n,
        }
        for p in PEOPLE
        for n, s in enumerate((70, 41, 30, 93, 88))
    ]


def write(path, rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def test_a_folder_and_lines_above_the_header_are_told(tmp_path):
    with pytest.raises(SourceMissingError, match="this is a folder") as refused:
        read_sample([tmp_path])
    assert refused.value.hint.endswith("/*.csv")
    titled = tmp_path / "titled.csv"
    titled.write_text("My study\nwho,answer\np1,cat\n")
    with pytest.raises(SchemaError) as refused:
        read_sample([titled])
    assert "`skip: N` in the map" in refused.value.hint
    assert read_sample([titled], {"skip": 1})[0].num_rows == 1
