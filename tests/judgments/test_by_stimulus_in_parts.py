"""By-stimulus tables in parts, on disk or on a cluster's workers: the same, bit for bit, as of all rows at once."""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from dask_workers import alone, end_worker_once
from sharded_study import write_sharded, write_sums

from hmix_hub import by_stimulus, load_dataset, summaries
from hmix_hub.contribute.building import build
from hmix_hub.errors import ConfigurationError, SchemaError, SourceError
from hmix_hub.judgments import by_stimulus as parts
from hmix_hub.judgments.by_stimulus import Piece
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.summaries import pooled_names
from hmix_hub.tables import arrow_columns, vocabulary_of
from hmix_hub.tasks import INFER, TASKS

SMALL = "60MB"


@pytest.fixture
def parts_of(monkeypatch):
    """Return a function that sets how many judgments a part has; nothing then fits into memory."""
    monkeypatch.setattr(summaries, "_TIMES", 10**12)

    def set_rows(rows):
        monkeypatch.setattr(parts, "PART_ROWS", rows)

    set_rows(100)
    return set_rows


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a function that builds the example study of a task, once."""
    known = {}

    def of(task):
        if task not in known:
            folder = tmp_path_factory.mktemp(task)
            known[task] = build(Study.open(write_files(folder / "study", example_study(task))), folder / "built").path
        return known[task]

    return of


def assert_same(found, expected):
    assert found.features == expected.features
    assert found.info.description == expected.info.description
    tables = [dataset.data.table.combine_chunks() for dataset in (found, expected)]
    for name in expected.column_names:
        one, other = (table[name].combine_chunks() for table in tables)
        assert one.equals(other), name


@pytest.mark.parametrize("where", ["disk", "workers"])
@pytest.mark.parametrize("task", TASKS)
def test_parts_come_to_what_all_rows_do(task, where, built, parts_of, request):
    judgments = load_dataset(str(built(task)), task, split="train")
    expected = by_stimulus_at_once(judgments)
    options = {"client": request.getfixturevalue("dask")} if where == "workers" else {"memory": SMALL}
    parts_of(12)
    assert_same(by_stimulus(judgments, **options), expected)
    parts_of(1000)
    assert_same(by_stimulus(built(task), **options), expected)


def by_stimulus_at_once(judgments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summaries, "_TIMES", 0)
        return by_stimulus(judgments)


@pytest.mark.parametrize("seed", range(3))
def test_picked_rows_in_any_order_are_gathered_in_their_own(seed, load_sample, parts_of, dask):
    rows = np.random.default_rng(seed).integers(0, 1236, 500)
    judgments = load_sample().select(rows)
    expected = by_stimulus_at_once(judgments)
    assert_same(by_stimulus(judgments, memory=SMALL), expected)
    assert_same(by_stimulus(judgments, client=dask), expected)


def test_stimuli_are_put_in_order_a_few_at_a_time(load_sample, monkeypatch):
    judgments = load_sample()
    expected = by_stimulus_at_once(judgments)
    monkeypatch.setattr("hmix_hub.judgments.by_stimulus._SORTED_BYTES", 10_000)
    assert_same(by_stimulus(judgments, memory=SMALL), expected)


def test_no_judgments_are_of_no_stimuli(load_sample, dask):
    empty = load_sample().select([])
    assert_same(by_stimulus(empty, client=dask), by_stimulus(empty))


def test_what_a_program_made_is_counted_in_all_parts_or_in_none(load_sample, parts_of):
    people = load_sample().map(lambda row: {"flags": []})
    mixed = people.map(lambda row, at: {"flags": ["synthetic"] if at == 1235 else []}, with_indices=True)

    assert "n_synthetic" not in by_stimulus(people, memory=SMALL).column_names
    assert sum(by_stimulus(mixed, memory=SMALL)["n_synthetic"]) == 1
    assert_same(by_stimulus(mixed, memory=SMALL), by_stimulus_at_once(mixed))


def test_judgments_that_disagree_are_named_by_their_row_of_the_whole(load_sample, parts_of, dask):
    judgments = load_sample().select([*range(300), 250])
    differing = judgments.map(
        lambda row, at: {"image_1_index": 9 if at == 300 else row["image_1_index"]}, with_indices=True
    )
    for options in ({"memory": SMALL}, {"client": dask}):
        with pytest.raises(SchemaError, match="disagree on image_1_index") as caught:
            by_stimulus(differing, **options)
        assert caught.value.where.row == 300


def test_shards_are_read_where_they_lie_by_any_number_of_workers(tmp_path, dask, parts_of):
    parts_of(6)
    place = write_sharded(tmp_path)
    expected = by_stimulus_at_once(load_dataset(place, INFER, split="train"))
    for n_workers in (1, 2, 4):
        with alone(dask, n_workers):
            assert_same(by_stimulus(place, client=dask), expected)


def killing(mark, read):
    end_worker_once(mark)
    return read()


def test_a_worker_that_is_killed_changes_nothing(load_sample, tmp_path, parts_of, dask):
    judgments = load_sample()
    names = pooled_names(INFER, judgments.column_names)
    rows = arrow_columns(judgments, names)
    pieces = [Piece(partial(rows.slice, start, 300), start, min(300, 1236 - start)) for start in range(0, 1236, 300)]
    pieces[2] = Piece(partial(killing, tmp_path / "ended", pieces[2].read), 600, 300)

    found = summaries.pool(INFER, vocabulary_of(judgments), rows.schema, pieces, client=dask, memory=10**9)

    assert (tmp_path / "ended").exists()
    assert found.to_list() == by_stimulus_at_once(judgments).to_list()
    dask.wait_for_workers(4)


def test_a_value_that_its_column_may_not_have_is_named_by_its_file(tmp_path, parts_of):
    place = write_sharded(tmp_path)
    file = sorted((place / INFER).glob("*.parquet"))[1]
    table = pa.parquet.read_table(file)
    at = table.schema.get_field_index("inferred_coefficient")
    shares = table["inferred_coefficient"].to_pylist()
    wrong = table.set_column(at, table.schema.field(at), pa.array([*shares[:30], 1.5, *shares[31:]]))
    pa.parquet.write_table(wrong, file, row_group_size=24)
    write_sums(place)
    with pytest.raises(SourceError, match="inferred_coefficient") as caught:
        by_stimulus(place)
    assert caught.value.where.file.endswith(file.name)
    assert caught.value.where.row == 30


def test_a_study_of_several_tasks_wants_one_named(tmp_path, built):
    with pytest.raises(ConfigurationError, match="has no task 'class_choice'") as caught:
        by_stimulus(built(INFER), task="class_choice")
    assert INFER in caught.value.hint
    with pytest.raises(ConfigurationError, match="a dataset has only one task"):
        by_stimulus(load_dataset(built(INFER), INFER, split="train"), task=INFER)
