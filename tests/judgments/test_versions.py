import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub.errors import SchemaError
from hmix_hub.judgments.checks import check_values
from hmix_hub.judgments.migration import LOSSES, migrate
from hmix_hub.judgments.released import Provenance
from hmix_hub.schema import CIFAR10, CURRENT, VERSIONS, Kind, arrow_schema
from hmix_hub.sources.sample.layout import released_table
from hmix_hub.tasks import RELEASED_FORMS, TASKS, columns

PROVENANCE = Provenance("study", "set", "file.csv")


def up(table, task, target=CURRENT):
    return migrate(table, task, start="1.0.0", target=target, provenance=PROVENANCE)


def between(table, task, start, target):
    return migrate(table, task, start=start, target=target)


def value_of(column):
    number = st.floats(column.low or 0, column.high or 1e6)
    strategy = {
        Kind.STRING: st.sampled_from(column.choices or ("",)),
        Kind.BOOL: st.booleans(),
        Kind.FLOAT64: number,
        Kind.INT32: st.integers(int(column.low or 0), 1000),
        Kind.FLOATS: st.lists(number, max_size=4),
        Kind.LABELS: st.permutations(range(10)),
    }
    return st.none() | strategy[column.kind]


@st.composite
def recorded(draw):
    """A table of the current schema whose newer columns hold anything that they may."""
    task = draw(st.sampled_from(list(RELEASED_FORMS)))
    rows = draw(st.integers(1, 6))
    table = up(released_table(task, rows, draw(st.integers(0, 1000))), task)
    for column in columns(task):
        if column.since:
            values = draw(st.lists(value_of(column), min_size=rows, max_size=rows))
            place = table.schema.get_field_index(column.name)
            table = table.set_column(place, table.schema.field(place), pa.array(values, column.arrow_type()))
    check_values(table, columns(task), CIFAR10)
    return task, table


def test_old_judgments_have_nothing_in_the_new_columns(task):
    old, new = up(released_table(task, 60), task, "2.0.0"), up(released_table(task, 60), task)
    assert new.schema.equals(arrow_schema(columns(task)))
    assert set(new["schema_version"].to_pylist()) == {CURRENT}
    for column in columns(task):
        if column.since:
            assert new[column.name].null_count == 60
        elif column.name != "schema_version":
            assert new[column.name].equals(old[column.name])


def test_up_and_down_by_one_version_is_nothing(task):
    old = up(released_table(task, 60), task, "2.0.0")
    new = between(old, task, "2.0.0", CURRENT)
    assert new.equals(up(released_table(task, 60), task))
    assert between(new, task, CURRENT, "2.0.0").equals(old)


@settings(max_examples=30, deadline=None)
@given(recorded())
def test_down_and_up_loses_what_is_listed_and_nothing_else(made):
    task, table = made
    back = between(between(table, task, CURRENT, "2.0.0"), task, "2.0.0", CURRENT)
    assert back.schema.equals(table.schema)
    lost = LOSSES[CURRENT, "2.0.0"]
    for name in table.column_names:
        assert back[name].null_count == table.num_rows if name in lost else back[name].equals(table[name]), name


@settings(max_examples=15, deadline=None)
@given(recorded())
def test_a_way_over_several_versions_is_its_steps(made):
    task, table = made
    stepwise = between(between(table, task, CURRENT, "2.0.0"), task, "2.0.0", "1.0.0")
    assert between(table, task, CURRENT, "1.0.0").equals(stepwise)
    assert up(stepwise, task).equals(between(up(stepwise, task, "2.0.0"), task, "2.0.0", CURRENT))


def test_losses_of_a_way_are_those_of_its_steps():
    every = {
        v: {c.name for name, task in TASKS.items() if v in task.versions for c in columns(name, v)} for v in VERSIONS
    }
    for (start, target), lost in LOSSES.items():
        assert set(lost) <= every[start], (start, target)
    assert set(LOSSES["2.1.0", "2.0.0"]) == every["2.1.0"] - every["2.0.0"]
    assert LOSSES["2.2.0", "2.1.0"] == LOSSES["2.0.0", "2.1.0"] == LOSSES["2.1.0", "2.2.0"] == {}
    assert set(LOSSES["2.3.0", "2.2.0"]) == {"server_elapsed_ms", "focus_losses", "focus_lost_ms"}
    assert LOSSES[CURRENT, "2.0.0"] == LOSSES["2.3.0", "2.2.0"] | LOSSES["2.1.0", "2.0.0"]
    assert LOSSES["1.0.0", CURRENT] == LOSSES["1.0.0", "2.0.0"]
    assert LOSSES[CURRENT, "1.0.0"] == LOSSES[CURRENT, "2.0.0"] | LOSSES["2.0.0", "1.0.0"]


def test_columns_of_a_study_s_own_go_along(task):
    table = up(released_table(task, 5), task).append_column("x_mood", pa.array(["good"] * 5))
    old = between(table, task, CURRENT, "2.0.0")
    assert old.column_names[-1] == "x_mood"
    assert between(old, task, "2.0.0", CURRENT).equals(table)


@pytest.mark.parametrize(
    ("task", "column", "value", "said"),
    [
        ("construct_midpoint", "image_1_side", "top", "'top', not left or right"),
        ("construct_midpoint", "path_coefficients", [0.5, 1.2], "holds 1.2, not numbers, 0 to 1"),
        ("construct_midpoint", "path_times_ms", [0.0, -1.0], "holds -1, not numbers, 0 or more"),
        ("construct_midpoint", "path_times_ms", [0.0, float("inf")], "holds inf"),
        ("infer_mixing_factor", "inferred_path", [0.5, None], "holds nan"),
        ("categorical_soft_labels", "class_order", [3, 12], "holds 12, not labels from 0 to 9"),
    ],
)
def test_what_a_new_column_may_not_hold_is_refused_with_its_row(task, column, value, said):
    table = up(released_table(task, 3), task)
    place = table.schema.get_field_index(column)
    table = table.set_column(place, table.schema.field(place), pa.array([None, value, None], table.schema.types[place]))
    with pytest.raises(SchemaError, match=said) as refused:
        check_values(table, columns(task), CIFAR10)
    assert refused.value.where.row == 1
