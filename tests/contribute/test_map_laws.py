"""Laws of column maps: what goes there and back, and what the order of rows and files does not change."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hmix_hub.importing.arrangement import are_kept
from hmix_hub.importing.calculation import Calculation, as_numbers, difference, texts_of
from hmix_hub.importing.cells import Batch, Cells
from hmix_hub.importing.column_map import map_schema
from hmix_hub.importing.json_paths import MISSING, values_at
from hmix_hub.importing.map_keys import Condition, From, pieces
from hmix_hub.importing.numbering import Numbering
from hmix_hub.importing.outcome import ROW
from hmix_hub.importing.reshaping import Melt

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
ENDS = st.tuples(NUMBERS, NUMBERS).filter(lambda ends: abs(ends[0] - ends[1]) > 1e-3)
TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6)


def column(texts):
    return pa.chunked_array([pa.array(texts, pa.string())])


def batch_of(n_rows):
    batch = Batch()
    batch.add(pa.table({ROW: range(n_rows)}), Path("raw.csv"), "raw-1.csv")
    return batch


class TestCalculation:
    @given(st.lists(NUMBERS), ENDS)
    def test_a_scale_can_be_undone(self, numbers, ends):
        values = Calculation(scale=ends).of(np.array(numbers))
        low, high = ends
        assert values * (high - low) + low == pytest.approx(np.array(numbers), rel=1e-9, abs=1e-6)

    @given(ENDS)
    def test_the_ends_of_a_scale_become_0_and_1_and_its_opposite_is_flipped(self, ends):
        assert Calculation(scale=ends).of(np.array(ends)).tolist() == [0, 1]
        assert Calculation(scale=ends[::-1]).of(np.array(ends)).tolist() == [1, 0]
        assert Calculation(scale=ends, flip=True).of(np.array(ends)).tolist() == [1, 0]

    @given(st.lists(st.integers(0, 100)))
    def test_a_scale_from_0_is_a_division_to_the_bit(self, numbers):
        raw = np.array(numbers, dtype=np.float64)
        assert Calculation(scale=(0, 100)).of(raw).tolist() == Calculation(divide=100).of(raw).tolist()

    @given(st.lists(NUMBERS), NUMBERS, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
    def test_adding_multiplying_and_dividing_can_be_undone(self, numbers, add, multiply, divide):
        values = Calculation(add, multiply, divide).of(np.array(numbers))
        back = Calculation(multiply=divide, divide=multiply).of(values)
        assert Calculation(add=-add).of(back) == pytest.approx(np.array(numbers), rel=1e-6, abs=1e-6)

    @given(st.lists(NUMBERS), ENDS)
    def test_what_is_outside_a_scale_becomes_what_is_outside_0_to_1(self, numbers, ends):
        calculation, raw = Calculation(scale=ends), np.array(numbers)
        values = calculation.of(raw)
        clear = (np.abs(values) > 1e-9) & (np.abs(values - 1) > 1e-9)
        assert (calculation.outside(raw) == ((values < 0) | (values > 1)))[clear].all()

    @given(st.lists(st.one_of(NUMBERS.map(repr), TEXTS)))
    def test_numbers_are_calculated_with_and_other_texts_stay(self, texts):
        values, outside = Calculation(add=0.0).apply(pa.array(texts, pa.string()))
        assert not outside.any()
        for text, value, number in zip(
            texts, values.to_pylist(), as_numbers(pa.array(texts, pa.string())), strict=True
        ):
            assume("|" not in text and "[" not in text)
            assert value == text if np.isnan(number) else float(value) == number

    @given(st.lists(st.tuples(NUMBERS, NUMBERS)))
    def test_what_is_subtracted_can_be_added(self, pairs):
        first, second = (np.array([pair[n] for pair in pairs], dtype=np.float64) for n in (0, 1))
        values, is_bad = difference(texts_of(first), texts_of(second))
        assert not is_bad.any()
        assert as_numbers(values) + second == pytest.approx(first, abs=1e-6)


class TestNumbering:
    @given(st.data())
    def test_numbers_run_from_0_for_each_participant_whatever_the_order_of_the_rows(self, data):
        people = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
        trials = [(f"p{who}", str(3 * n)) for who, count in enumerate(people) for n in range(count)]
        rows = data.draw(st.permutations(trials))
        cut = data.draw(st.integers(1, len(rows)))
        numbering, origin = Numbering("trial_index"), From(number=["who"], order=["n"])
        for part, some in enumerate(filter(None, (rows[:cut], rows[cut:]))):
            table = pa.table({"who": [who for who, _ in some], "n": [n for _, n in some]})
            numbering.add(origin, table, batch_of(len(some)), part)
        numbers = [int(text) for part in numbering.finish() for text in part.to_pylist()]
        # In steps of 3, as numbers and not as texts: 9 stands before 12.
        assert [(who, n // 3) for (who, _), n in zip(rows, map(int, (n for _, n in rows)), strict=True)] == [
            (who, number) for (who, _), number in zip(rows, numbers, strict=True)
        ]

    @given(st.lists(st.sampled_from("abc"), min_size=1))
    def test_without_an_order_that_of_the_rows_is_kept(self, people):
        numbering = Numbering("trial_index")
        numbering.add(From(number=["who"]), pa.table({"who": people}), batch_of(len(people)), 0)
        seen = [people[:row].count(who) for row, who in enumerate(people)]
        assert [int(text) for text in numbering.finish()[0].to_pylist()] == seen


class TestMelting:
    CELLS = st.one_of(st.just(""), st.integers(0, 9).map(str))

    @given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6))
    def test_a_melted_table_can_be_made_wide_again(self, rows):
        wide = pa.table(
            {"who": column([f"p{n}" for n in range(len(rows))])}
            | {f"Q{k}": column([row[k] for row in rows]) for k in range(3)}
            | {ROW: pa.chunked_array([pa.array(range(len(rows)), pa.int64())])}
        )
        melted = Melt(columns=r"Q(\d)", into=["item", "answer"]).apply(wide, ["who", ROW], Path("raw.csv"))
        back = [[""] * 3 for _ in rows]
        for row, item, answer in zip(*(melted[name].to_pylist() for name in (ROW, "item", "answer")), strict=True):
            back[row][int(item)] = answer
        assert back == rows
        assert melted[ROW].to_pylist() == sorted(melted[ROW].to_pylist())

    @given(st.lists(st.tuples(CELLS, CELLS), max_size=6))
    def test_melting_two_values_an_item_keeps_them_together(self, rows):
        names = {"Q1_a": 0, "Q1_b": 1}
        wide = pa.table(
            {name: column([row[k] for row in rows]) for name, k in names.items()}
            | {ROW: pa.chunked_array([pa.array(range(len(rows)), pa.int64())])}
        )
        melted = Melt(columns=r"Q(\d)_(\w)", into=["item"]).apply(wide, [ROW], Path("raw.csv"))
        pairs = list(zip(melted["a"].to_pylist(), melted["b"].to_pylist(), strict=True))
        assert pairs == [row for row in rows if any(row)]


class TestRows:
    @given(st.lists(TEXTS), TEXTS)
    def test_equals_and_not_part_the_rows(self, texts, word):
        cells = Cells(pa.table({"a": column(texts)}), [])
        same = are_kept(cells, Condition.model_validate({"column": "a", "equals": word}))
        other = are_kept(cells, Condition.model_validate({"column": "a", "not": word}))
        assert (same ^ other).all()

    @given(st.lists(NUMBERS), NUMBERS)
    def test_two_sides_of_a_number_part_the_rows_but_for_itself(self, numbers, cut):
        cells = Cells(pa.table({"a": column([repr(number) for number in numbers])}), [])
        below = are_kept(cells, Condition(column="a", between=(None, cut)))
        above = are_kept(cells, Condition(column="a", between=(cut, None)))
        assert (below | above).all()
        assert (below & above).tolist() == [number == cut for number in numbers]


VALUES = st.recursive(
    st.one_of(st.integers(-9, 9), TEXTS, st.booleans(), st.none()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


class TestPaths:
    @given(VALUES, st.data())
    def test_every_value_is_found_at_its_path(self, value, data):
        path, place = [], value
        while isinstance(place, dict | list) and place and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            path.append(str(key))
            place = place[key]
        found = values_at([json.dumps(value)], [".".join(path) or None])
        assert next(iter(found.values())) == [place]

    @given(VALUES, st.text("ab01.=*-", max_size=8))
    def test_no_path_fails_over_any_value(self, value, path):
        found = values_at([json.dumps(value), "no JSON", None], [path])[path]
        assert found[1:] == [MISSING, MISSING]


@given(st.lists(st.tuples(TEXTS, st.text("abc ", min_size=1, max_size=3).filter(str.strip))))
def test_a_template_is_read_as_it_is_written(parts):
    template = "".join(text.replace("{", "{{").replace("}", "}}") + f"{{{name}}}" for text, name in parts)
    assert pieces(template) == [(text, name.strip()) for text, name in parts]


def test_the_form_for_editors_has_the_short_spellings():
    form = json.loads(map_schema())
    kinds = {
        name: {one.get("type", "object") for one in form["properties"][name]["anyOf"]} for name in ("table", "melt")
    }
    assert kinds == {"table": {"object", "array"}, "melt": {"object", "null"}}
    assert {"type": "string"} in form["properties"]["columns"]["additionalProperties"]["anyOf"]
    assert {"not", "json", "between"} <= form["$defs"]["Condition"]["properties"].keys()
    assert not any(definition.get("additionalProperties", True) for definition in form["$defs"].values())


def test_an_empty_table_is_arranged_too():
    melted = Melt(columns=r"Q(\d)", into=["item", "answer"]).apply(
        pa.table({"Q1": column([]), ROW: pa.chunked_array([pa.array([], pa.int64())])}), [ROW], Path("raw.csv")
    )
    assert melted.num_rows == 0
    assert pc.all(pc.is_valid(melted["item"])).as_py() is not False
