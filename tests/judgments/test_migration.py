import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub.errors import SchemaError, SchemaVersionError
from hmix_hub.judgments.migration import LOSSES, migrate
from hmix_hub.judgments.released import Provenance, to_released
from hmix_hub.schema import CIFAR10, CURRENT, Vocabulary
from hmix_hub.sources.sample.layout import released_table
from hmix_hub.tasks import RELEASED_FORMS, columns

PROVENANCE = Provenance("study", "set", "file.csv")
DOWN_ONLY = {"study_id", "image_set", "source_file", "collection_round"}


def up(table, task):
    return migrate(table, task, start="1.0.0", target="2.0.0", provenance=PROVENANCE)


def down(table, task):
    return migrate(table, task, start="2.0.0", target="1.0.0")


def assert_equal_but(found, expected, losses):
    for name in expected.column_names:
        if name not in losses:
            assert found[name].to_pylist() == expected[name].to_pylist(), name


@settings(max_examples=15)
@given(
    st.sampled_from(
        ["construct_midpoint", "select_shuffled_midpoint", "infer_mixing_factor", "categorical_soft_labels"]
    ),
    st.integers(1, 150),
    st.integers(0, 10_000),
)
def test_up_and_down_gives_back_all_but_the_losses(task, rows, seed):
    released = released_table(task, rows, seed)
    back = down(up(released, task), task)
    assert back.schema.equals(released.schema)
    assert_equal_but(back, released, LOSSES["1.0.0", "2.0.0"])


@settings(max_examples=15)
@given(
    st.sampled_from(
        ["construct_midpoint", "select_shuffled_midpoint", "infer_mixing_factor", "categorical_soft_labels"]
    ),
    st.integers(1, 150),
    st.integers(0, 10_000),
)
def test_down_and_up_gives_back_all_but_provenance(task, rows, seed):
    current = up(released_table(task, rows, seed), task)
    assert up(down(current, task), task).equals(current)


@given(st.integers(1, 60), st.integers(0, 10_000), st.sampled_from(["released", "cifar10s", "one_hot"]))
@settings(max_examples=15)
def test_down_and_up_gives_back_soft_labels_by_the_procedure_that_the_provenance_names(rows, seed, procedure):
    task, provenance = "categorical_soft_labels", Provenance("study", "set", "file.csv", procedure=procedure)
    released = released_table(task, rows, seed)
    current = migrate(released, task, start="1.0.0", target=CURRENT, provenance=provenance)
    below = migrate(current, task, start=CURRENT, target="1.0.0")
    assert migrate(below, task, start="1.0.0", target=CURRENT, provenance=provenance).equals(current)
    assert migrate(current, task, start=CURRENT, target="2.0.0")["soft_label"].equals(current["soft_label"])
    assert "procedure" in LOSSES[CURRENT, "1.0.0"]["soft_label"]


def test_what_is_lost_on_the_way_is_lost_and_nothing_else():
    released = released_table("construct_midpoint", 64)
    back = down(up(released, "construct_midpoint"), "construct_midpoint")
    differing = {n for n in released.column_names if back[n].to_pylist() != released[n].to_pylist()}
    assert differing == {"index", "time_elapsed", "final_value"}
    np.testing.assert_allclose(back["final_value"].to_numpy(), released["final_value"].to_numpy(), atol=1e-12)


def test_the_slider_runs_from_image_1_to_image_2():
    released = with_column(
        released_table("infer_mixing_factor", 3),
        "responses",
        [
            '{"mixingcoeff":0,"confidence":100}',
            '{"mixingcoeff":70,"confidence":5}',
            '{"mixingcoeff":100,"confidence":0}',
        ],
    )
    table = up(released, "infer_mixing_factor")
    assert table["inferred_coefficient"].to_pylist() == [1.0, 1 - 0.7, 0.0]
    assert table["confidence"].to_pylist() == [1.0, 0.05, 0.0]


def test_a_float_walk_becomes_tenths():
    walk = [0.6000000000000001, -2.7755575615628914e-17, 0.9999999999999999]
    table = up(with_column(released_table("construct_midpoint", 3), "final_value", walk), "construct_midpoint")
    assert table["selected_coefficient"].to_pylist() == [0.6, 0.0, 1.0]


def with_column(table, name, values):
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def categorical(**answer):
    base = {"classSelect": "mostProbDog", "prob": "60", "classSelect2": "secondProbFrog", "prob2": "20"} | answer
    import json

    return with_column(released_table("categorical_soft_labels", 1), "response", [json.dumps(base)])


@pytest.mark.parametrize(
    ("answer", "flags"),
    [
        ({}, []),
        ({"improbClassSelectDog": "1"}, ["ruled_out_choice"]),
        ({"improbClassSelectFrog": "1"}, ["ruled_out_choice"]),
        ({"classSelect2": "secondProbDog"}, ["same_class_twice"]),
        ({"classSelect2": "secondProbNo"}, ["ignored_probability"]),
        ({"prob": "80", "prob2": "20"}, []),
        ({"prob": "80", "prob2": "21"}, ["probabilities_exceed_one"]),
        ({"classSelect2": "secondProbNo", "prob2": ""}, []),
    ],
)
def test_contradictions_are_flagged(answer, flags):
    assert up(categorical(**answer), "categorical_soft_labels")["flags"].to_pylist() == [flags]


@pytest.mark.parametrize(
    "answer", [{"prob": "banana"}, {"prob": ""}, {"prob": "101"}, {"classSelect": "mostProbDragon"}, {"prob2": "-1"}]
)
def test_an_answer_that_cannot_be_read_is_refused_with_its_row(answer):
    with pytest.raises(SchemaError, match="row 0"):
        up(categorical(**answer), "categorical_soft_labels")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        "null",
        '{"mixingcoeff":true,"confidence":5}',
        '{"mixingcoeff":101,"confidence":5}',
        '{"mixingcoeff":NaN,"confidence":5}',
        "__import__('os').system('true')",
    ],
)
def test_a_hostile_slider_answer_is_refused(text):
    table = with_column(
        released_table("infer_mixing_factor", 2), "responses", ['{"mixingcoeff":1,"confidence":5}', text]
    )
    with pytest.raises(SchemaError, match="row 1"):
        up(table, "infer_mixing_factor")


def test_a_picture_file_that_contradicts_its_row_is_refused():
    table = released_table("infer_mixing_factor", 2)
    table = with_column(table, "id1", [table["id1"][0].as_py(), table["id1"][1].as_py() + 1])
    with pytest.raises(SchemaError, match="row 1"):
        up(table, "infer_mixing_factor")


def test_a_class_that_does_not_exist_is_refused():
    table = with_column(released_table("select_shuffled_midpoint", 1), "class_pair", ["Dog_1_Dragon_2"])
    with pytest.raises(SchemaError, match="Dragon"):
        up(table, "select_shuffled_midpoint")


def test_a_table_without_its_columns_is_refused(task):
    with pytest.raises(SchemaError, match="rt"):
        up(released_table(task, 2).drop_columns(["rt"]), task)


def test_an_unknown_version_is_refused(task):
    with pytest.raises(SchemaVersionError):
        migrate(released_table(task, 2), task, start="1.0.0", target="3.0.0", provenance=PROVENANCE)


def test_the_way_up_needs_the_study(task):
    with pytest.raises(SchemaError, match="provenance"):
        migrate(released_table(task, 2), task, start="1.0.0", target="2.0.0")


def test_losses_name_columns():
    every = {c.name for task in RELEASED_FORMS for version in ("1.0.0", "2.0.0") for c in columns(task, version)}
    assert DOWN_ONLY <= set(LOSSES["2.0.0", "1.0.0"]) <= every


def changed(task, column, value, rows=40):
    """A table of the released layout in which row 3 has another value, whatever its type."""
    released = released_table(task, rows)
    values = released[column].to_pylist()
    values[3] = value
    place = released.schema.get_field_index(column)
    return released.set_column(
        place, released.schema.field(column), pa.array(values, released.schema.field(column).type)
    )


@pytest.mark.parametrize(
    ("task", "column", "value"),
    [
        ("construct_midpoint", "final_value", float("nan")),
        ("construct_midpoint", "final_value", 1.2),
        ("construct_midpoint", "start_value", 7.0),
        ("construct_midpoint", "rt", -1.0),
        ("construct_midpoint", "rt", float("nan")),
        ("construct_midpoint", "trial_index", -3),
        ("construct_midpoint", "condition", 2**40),
        ("construct_midpoint", "class_pair", "Dog_1_Dragon_2"),
        ("construct_midpoint", "class_pair", "Dog_1"),
        ("infer_mixing_factor", "mixtureCoeff", 5.0),
        ("infer_mixing_factor", "id1", -1.0),
        ("infer_mixing_factor", "id1", 2205.5),
        ("infer_mixing_factor", "id2", 1e12),
        ("infer_mixing_factor", "responses", "[" * 200_000),
        ("infer_mixing_factor", "responses", "{}"),
        ("infer_mixing_factor", "responses", '{"mixingcoeff":101,"confidence":5}'),
        ("infer_mixing_factor", "responses", '{"mixingcoeff":NaN,"confidence":5}'),
        ("categorical_soft_labels", "response", "[1]"),
        (
            "categorical_soft_labels",
            "response",
            '{"classSelect":"mostProbDog","prob":"x","classSelect2":"secondProbNo"}',
        ),
    ],
)
def test_an_impossible_value_is_refused_with_its_row(task, column, value):
    with pytest.raises(SchemaError) as refused:
        up(changed(task, column, value), task)
    assert refused.value.where.row == 3
    assert len(str(refused.value)) < 1000


def test_the_same_trial_twice_is_refused():
    released = released_table("infer_mixing_factor", 5)
    with pytest.raises(SchemaError, match="more than once"):
        up(pa.concat_tables([released, released]), "infer_mixing_factor")


def test_class_names_with_underscores_and_digits_come_back(task):
    vocabulary = Vocabulary(("polar_bear", "sea_2_lion", *CIFAR10.names[2:]))

    def renamed(value):
        return value.replace("Airplane", "Polar_bear").replace("Automobile", "Sea_2_lion") if value else value

    released = released_table(task, 200)
    texts = [field.name for field in released.schema if field.type == pa.string()]
    columns_of = {
        n: [renamed(v) for v in released[n].to_pylist()] if n in texts else released[n] for n in released.column_names
    }
    theirs = pa.table(columns_of).cast(released.schema)
    current = migrate(theirs, task, start="1.0.0", target="2.0.0", provenance=PROVENANCE, vocabulary=vocabulary)
    for column in ("image_1_label", "image_1_index", "image_2_label", "image_2_index"):
        assert current[column].equals(up(released, task)[column])
    assert_equal_but(to_released(current, task, vocabulary), theirs, LOSSES["1.0.0", "2.0.0"])


def test_what_1_0_0_has_no_room_for_is_refused():
    current = up(released_table("infer_mixing_factor", 5), "infer_mixing_factor")
    single = current
    for name in ("image_2_label", "image_2_index"):
        column = pa.array([None, *single[name].to_pylist()[1:]], single.schema.field(name).type)
        single = single.set_column(single.schema.get_field_index(name), single.schema.field(name), column)
    with pytest.raises(SchemaError, match="single picture") as refused:
        down(single, "infer_mixing_factor")
    assert refused.value.where.row == 0
    with pytest.raises(SchemaError, match="class named"):
        to_released(current, "infer_mixing_factor", Vocabulary(("no", *CIFAR10.names[1:])))


@given(st.floats(0, 1))
def test_any_inferred_coefficient_comes_back_but_for_its_last_bits(inferred):
    current = up(released_table("infer_mixing_factor", 1), "infer_mixing_factor")
    place = current.schema.get_field_index("inferred_coefficient")
    current = current.set_column(place, current.schema.field(place), pa.array([inferred]))
    back = up(down(current, "infer_mixing_factor"), "infer_mixing_factor")["inferred_coefficient"][0].as_py()
    assert back == pytest.approx(inferred, abs=1e-15)


def test_the_case_of_class_names_says_nothing(task):
    released = released_table(task, 40)
    lowered = (
        changed(task, "class_pair", released["class_pair"][3].as_py().lower())
        if "class_pair" in released.column_names
        else released
    )
    assert up(lowered, task).equals(up(released, task))
