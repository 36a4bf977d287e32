import numpy as np
import pyarrow as pa
import pytest

from hmix_hub.errors import SchemaError
from hmix_hub.judgments.derived_columns import batch_ids, with_derived_columns
from hmix_hub.judgments.migration import migrate
from hmix_hub.judgments.released import Provenance
from hmix_hub.schema import Vocabulary, arrow_schema
from hmix_hub.sources.sample.layout import released_table
from hmix_hub.tasks import columns

VOCABULARY = Vocabulary(("oak tree", "fern"))
OBSERVED = {
    "participant_id": ["ann", "ann", "ann", "bob", "bob"],
    "collection_round": ["1"] * 5,
    "condition": [0, 0, 0, None, None],
    # Ann's rows are not in the order of her timeline.
    "trial_index": [3, 1, 2, 1, 2],
    "is_repeat": [True, False, False, False, False],
    "response_time_ms": [1.0, 2.0, None, 4.0, 5.0],
    "image_set": ["pictures"] * 5,
    "image_1_label": [0, 0, 1, 1, 0],
    "image_1_index": [7, 7, 8, 8, 7],
    "image_2_label": [1, 1, None, None, 1],
    "image_2_index": [9, 9, None, None, 9],
    "mixing_coefficient": [0.25, 0.25, 1.0, 1.0, 0.25],
    "inferred_coefficient": [0.2, 0.3, 1.0, 0.5, 0.5],
    "confidence": [0.2, None, 1.0, 0.5, 0.4],
    "source_file": ["f"] * 5,
    "source_row": [0, 1, 2, 3, 4],
}


@pytest.fixture
def table():
    observed = pa.table({name: pa.array(values) for name, values in OBSERVED.items()})
    return with_derived_columns(
        observed, "infer_mixing_factor", study_id="s", vocabulary=Vocabulary(("oak tree", "fern"))
    )


def test_ids_follow_from_what_was_observed(table):
    assert table["judgment_id"][0].as_py() == "s/infer_mixing_factor/ann/3"
    assert table["pair_id"].to_pylist() == ["Oak tree_7_Fern_9"] * 2 + ["Fern_8"] * 2 + ["Oak tree_7_Fern_9"]
    assert table["stimulus_id"][0].as_py() == "mixed_0.25_Oak tree_7_Fern_9"
    assert table["stimulus_id"][2].as_py() == "mixed_1.0_Fern_8"


def test_presentation_counts_along_the_timeline(table):
    assert table["presentation"].to_pylist() == [2, 1, 1, 1, 1]


def test_people_who_judged_the_same_stimuli_share_a_batch(table):
    batches = table["batch_id"].to_pylist()
    assert len(set(batches)) == 1
    assert len(batches[0]) == 12
    assert int(batches[0], 16) >= 0


def test_only_sliders_that_both_stand_at_50_count_as_untouched(table):
    assert table["flags"].to_pylist() == [[], [], [], ["untouched_sliders"], []]


UNTOUCHED = {
    "nothing is known": (0.5, 0.5, None, None, True),
    "one was touched": (0.5, 0.5, True, False, False),
    "one was touched, the other is not known": (0.5, 0.5, None, True, False),
    "both were touched": (0.5, 0.5, True, True, False),
    "one was not touched": (0.5, 0.5, False, None, True),
    "neither was touched": (0.5, 0.5, False, False, True),
    "neither was touched, and one gives no answer": (0.5, None, False, False, True),
    "an answer elsewhere": (0.5, 0.7, None, None, False),
    "a confidence, and no answer that it is of": (0.5, 0.7, False, True, True),
    "a confidence at its start, and no answer that it is of": (0.5, 0.5, False, True, True),
    "an answer without a confidence": (0.5, None, True, False, False),
    "an answer at the start without a confidence, touched or not": (0.5, None, None, False, False),
}


@pytest.mark.parametrize("case", UNTOUCHED)
def test_sliders_that_are_known_to_have_been_touched_are_not_flagged(case):
    inferred, confidence, *touched, is_flagged = UNTOUCHED[case]
    values = OBSERVED | {"inferred_coefficient": [inferred] * 5, "confidence": [confidence] * 5}
    values |= dict(zip(("inferred_touched", "confidence_touched"), ([value] * 5 for value in touched), strict=True))
    kinds = {"inferred_touched": pa.bool_(), "confidence_touched": pa.bool_(), "confidence": pa.float64()}
    observed = pa.table({name: pa.array(given, kinds.get(name)) for name, given in values.items()})
    flags = with_derived_columns(
        observed, "infer_mixing_factor", study_id="s", vocabulary=Vocabulary(("oak tree", "fern"))
    )["flags"]
    assert {"untouched_sliders" in row for row in flags.to_pylist()} == {is_flagged}


def test_the_schema_is_the_documented_one(table):
    assert table.schema == arrow_schema(columns("infer_mixing_factor"), Vocabulary(("oak tree", "fern")))


@pytest.mark.parametrize(("same", "is_flagged"), [(27, False), (28, False), (29, True), (32, True)])
def test_straightlining_is_nine_tenths_of_one_answer(same, is_flagged):
    released = released_table("construct_midpoint", 32)
    values = pa.array([0.5] * same + [0.1, 0.2, 0.3, 0.4, 0.6][: 32 - same])
    released = released.set_column(released.schema.get_field_index("final_value"), "final_value", values)
    flags = migrate(released, "construct_midpoint", start="1.0.0", target="2.0.0", provenance=Provenance("s"))["flags"]
    assert {"straightlining" in row for row in flags.to_pylist()} == {is_flagged}


def test_a_person_with_few_answers_is_no_straightliner():
    released = released_table("construct_midpoint", 9)
    released = released.set_column(released.schema.get_field_index("final_value"), "final_value", pa.array([0.5] * 9))
    flags = migrate(released, "construct_midpoint", start="1.0.0", target="2.0.0", provenance=Provenance("s"))["flags"]
    assert not any("straightlining" in row for row in flags.to_pylist())


def test_the_ends_of_construct_were_not_shown():
    released = released_table("construct_midpoint", 3)
    released = released.set_column(
        released.schema.get_field_index("final_value"), "final_value", pa.array([0.0, 0.1, 1.0])
    )
    flags = migrate(released, "construct_midpoint", start="1.0.0", target="2.0.0", provenance=Provenance("s"))["flags"]
    assert flags.to_pylist() == [["endpoint_not_shown"], [], ["endpoint_not_shown"]]


def batches(judged):
    """Batch of each person, from the stimuli that each judged, in letters."""
    people = np.repeat(np.arange(len(judged)), [len(own) for own in judged])
    letters = list("".join(judged))
    stimuli = np.unique(letters, return_inverse=True)[1]
    ids = batch_ids(people, stimuli, pa.chunked_array([letters])).to_pylist()
    return [next(i for i, p in zip(ids, people, strict=True) if p == person) for person in range(len(judged))]


def test_a_batch_is_a_set_of_stimuli_whatever_their_order():
    whole, part, other, again = batches(["abc", "ac", "de", "cabb"])
    assert whole == again
    assert len({whole, part, other}) == 3


def test_a_batch_is_known_by_its_own_people_alone():
    assert batches(["abc", "ac"])[1] == batches(["ac", "abd"])[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("image_1_label", 2),
        ("image_1_label", -1),
        ("image_1_index", -1),
        ("mixing_coefficient", None),
        ("mixing_coefficient", 1.5),
        ("inferred_coefficient", float("nan")),
        ("confidence", -0.1),
        ("trial_index", None),
        ("participant_id", None),
        ("response_time_ms", -1.0),
    ],
)
def test_an_observed_value_that_cannot_be_is_refused_with_its_row(column, value):
    observed = {name: list(values) for name, values in OBSERVED.items()}
    observed[column][2] = value
    table = pa.table({name: pa.array(values) for name, values in observed.items()})
    with pytest.raises(SchemaError, match=column) as refused:
        with_derived_columns(table, "infer_mixing_factor", study_id="s", vocabulary=Vocabulary(("oak tree", "fern")))
    assert refused.value.where.row == 2


@pytest.mark.parametrize(
    ("column", "value"), [("top_class", 12), ("second_class", 11), ("impossible_classes", [12, 1])]
)
@pytest.mark.parametrize("row", [0, 7])
def test_a_label_beyond_the_classes_is_refused(column, value, row):
    task = "categorical_soft_labels"
    table = migrate(released_table(task, 20), task, start="1.0.0", target="2.0.0", provenance=Provenance("s"))
    computed = {"judgment_id", "study_id", "task", "pair_id", "stimulus_id", "batch_id", "presentation", "soft_label"}
    observed = table.drop_columns([*computed, "flags", "schema_version"])
    values = observed[column].to_pylist()
    values[row] = value
    place = observed.column_names.index(column)
    observed = observed.set_column(place, column, pa.array(values, observed.schema.field(column).type))
    with pytest.raises(SchemaError, match=column) as refused:
        with_derived_columns(observed, task, study_id="s")
    assert refused.value.where.row == row
