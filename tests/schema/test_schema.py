import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub import schema, tasks
from hmix_hub.errors import ConfigurationError, SchemaError, SchemaVersionError

COMMON = """
    judgment_id study_id task participant_id collection_round condition batch_id trial_index is_repeat presentation
    response_time_ms
""".split()
SINCE_2_3_0 = ["server_elapsed_ms", "focus_losses", "focus_lost_ms"]
PICTURES = "image_set pair_id image_1_label image_2_label image_1_index image_2_index".split()
LAST = ["flags", "source_file", "source_row", "schema_version"]
OWN = {
    "construct_midpoint": ["start_coefficient", "selected_coefficient"],
    "select_shuffled_midpoint": ["selected_coefficient"],
    "infer_mixing_factor": ["stimulus_id", "mixing_coefficient", "inferred_coefficient", "confidence"],
    "categorical_soft_labels": """
        stimulus_id mixing_coefficient top_class top_probability second_class second_probability impossible_classes
        soft_label
    """.split(),
}
SINCE_2_1_0 = {
    "construct_midpoint": ["image_1_side", "path_coefficients", "path_times_ms"],
    "select_shuffled_midpoint": ["grid_coefficients"],
    "infer_mixing_factor": """
        image_1_side inferred_touched confidence_touched inferred_path inferred_path_times_ms confidence_path
        confidence_path_times_ms
    """.split(),
    "categorical_soft_labels": ["class_order"],
}


def test_a_judgment_table_has_the_documented_columns_in_order(task):
    own = [*PICTURES, *OWN[task], *SINCE_2_1_0[task], *LAST]
    assert [c.name for c in tasks.columns(task)] == [*COMMON, *SINCE_2_3_0, *own]
    assert [c.name for c in tasks.columns(task, "2.2.0")] == [*COMMON, *own]
    assert [c.name for c in tasks.columns(task, "2.0.0")] == [*COMMON, *PICTURES, *OWN[task], *LAST]


def test_what_came_later_may_be_null_and_says_so(task):
    later = [c for c in tasks.columns(task) if c.since]
    assert [c.name for c in later] == [*SINCE_2_3_0, *SINCE_2_1_0[task]]
    assert all(c.nullable and c.since in schema.VERSIONS for c in later)


@pytest.mark.parametrize("version", schema.VERSIONS)
def test_arrow_types_and_features_say_the_same(task, version):
    columns = tasks.columns(task, version)
    arrow = schema.arrow_schema(columns)
    features = schema.features(columns)
    assert features.arrow_schema.names == arrow.names
    assert [f.type for f in features.arrow_schema] == [f.type for f in arrow]


def test_coefficients_are_float64_so_that_no_bound_loses_rows(task):
    kinds = {c.name: c.kind.value for c in tasks.columns(task)}
    assert {kind for name, kind in kinds.items() if name.endswith("_coefficient")} == {"float64"}


def test_nullable_columns_are_the_documented_ones():
    nullable = {c.name for task in tasks.RELEASED_FORMS for c in tasks.columns(task, "2.0.0") if c.nullable}
    assert nullable == {
        "condition",
        "response_time_ms",
        "image_2_label",
        "image_2_index",
        "confidence",
        "second_class",
        "second_probability",
    }


def test_every_column_says_what_it_means():
    for name, task in tasks.TASKS.items():
        for version in task.versions:
            assert all(len(c.meaning) > 8 for c in tasks.columns(name, version))


def test_six_configurations_with_the_documented_default():
    assert list(tasks.RELEASED_CONFIGURATIONS) == [
        *OWN,
        "infer_mixing_factor_by_stimulus",
        "categorical_soft_labels_by_stimulus",
    ]
    assert tasks.check_configuration(None).name == "infer_mixing_factor"


@pytest.mark.parametrize("version", ["2.3.1", "2.4.0", "10.0.0"])
def test_a_newer_schema_version_is_refused_with_the_reason(version):
    with pytest.raises(SchemaVersionError, match=r"newer than 2\.3\.0") as caught:
        schema.check_version(version)
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize("version", ["1.5.0", "two", "", "2.0"])
def test_an_unknown_schema_version_is_refused(version):
    with pytest.raises(SchemaVersionError, match="there is no schema version"):
        schema.check_version(version)


def test_by_stimulus_tables_do_not_exist_in_the_released_layout():
    with pytest.raises(ConfigurationError, match=r"does not exist in schema 1\.0\.0"):
        tasks.CONFIGURATIONS["infer_mixing_factor_by_stimulus"].columns("1.0.0")


@pytest.mark.parametrize("name", ["infer_mixing_factor_by_stimulus", "categorical_soft_labels_by_stimulus"])
def test_by_stimulus_tables_are_the_same_since_they_exist(name):
    configuration = tasks.CONFIGURATIONS[name]
    assert configuration.columns("2.0.0") == configuration.columns("2.1.0")


def test_class_names_match_whatever_their_case():
    assert schema.CIFAR10.code("FROG") == schema.CIFAR10.code("frog") == 6


def test_an_unknown_class_is_answered_with_the_nearest():
    with pytest.raises(SchemaError) as caught:
        schema.CIFAR10.code("automobil")
    assert "'automobile'" in caught.value.hint


def test_a_vocabulary_with_a_name_twice_is_refused():
    with pytest.raises(SchemaError, match="twice"):
        schema.Vocabulary(("dog", "Dog"))


names = st.lists(st.text("abcdef", min_size=1, max_size=3), unique=True, max_size=6).map(
    lambda n: schema.Vocabulary(tuple(n))
)


@given(names, st.lists(names, max_size=3))
def test_a_union_keeps_the_first_and_every_class(first, others):
    union = first.union(others)
    assert union.names[: len(first)] == first.names
    assert set(union.names) == set(first.names).union(*(o.names for o in others))
    for vocabulary in [first, *others]:
        assert [union.names[code] for code in vocabulary.recode(union)] == list(vocabulary.names)
