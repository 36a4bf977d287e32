"""Statistics of any size: the same figures whatever the units, their rows' order and what memory holds."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from hmix_hub.cells import cells, combined, fold
from hmix_hub.contribute.description.gathered import Gathered
from hmix_hub.contribute.description.statistics import statistics_of, task_statistics, unit_part
from hmix_hub.database import Database
from hmix_hub.piles import Pile
from hmix_hub.resampling import resample_means
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import TASKS


def units_of(table, size, rng):
    """Whole participants by rising id (of votes, whole stimuli), about `size` rows each, rows in any order."""
    name = "participant_id" if "participant_id" in table.column_names else "judgment_id"
    table = table.sort_by(name)
    names = table[name].to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(names[1:] != names[:-1]) + 1
    cuts = [0]
    for start in [*starts.tolist(), table.num_rows]:
        if start - cuts[-1] >= size or start == table.num_rows:
            cuts.append(start)
    for begin, end in pairwise(cuts):
        yield table.slice(begin, end - begin).take(pa.array(rng.permutation(end - begin)))


@pytest.mark.parametrize("task", TASKS)
def test_figures_are_the_same_whatever_the_units_and_the_memory(task, tmp_path):
    table = Study.open(write_files(tmp_path, example_study(task))).tables[task]
    expected = task_statistics([table], task)
    rng = np.random.default_rng(0)
    for size, most in ((1, 1 << 18), (1, 10), (40, 25)):
        assert task_statistics(units_of(table, size, rng), task, most=most) == expected


def test_parts_may_be_made_by_another_process(tmp_path):
    task = "class_choice"
    table = Study.open(write_files(tmp_path, example_study(task))).tables[task]
    texts = [pickle.dumps(unit_part(task, unit)) for unit in units_of(table, 30, np.random.default_rng(1))]
    with Database() as database:
        figures = statistics_of(Gathered(map(pickle.loads, texts), TASKS[task], database))
    assert figures == task_statistics([table], task)


def test_people_whose_ids_begin_alike_are_resampled_in_the_order_of_their_judgments(tmp_path):
    # "a" comes before "a-1", and "study/task/a-1/0" before "study/task/a/0".
    files = example_study()
    text = files["judgments/infer_mixing_factor.csv"].decode()
    renamed = text.replace("p01,", "a,").replace("p02,", "a-1,").encode()
    table = Study.open(write_files(tmp_path, files | {"judgments/infer_mixing_factor.csv": renamed})).tables[
        "infer_mixing_factor"
    ]
    assert {"a", "a-1"} <= set(table["participant_id"].to_pylist())
    expected = task_statistics([table], "infer_mixing_factor")
    for size in (1, 30):
        units = units_of(table, size, np.random.default_rng(size))
        assert task_statistics(units, "infer_mixing_factor", most=20) == expected


@pytest.mark.parametrize("most", [7, 1 << 18])
def test_cells_of_many_units_fold_into_the_groups_that_are_resampled(most):
    rng = np.random.default_rng(2)
    n = 5000
    units, shown = rng.permutation(np.repeat(np.arange(n), 2)), rng.choice([0.0, 0.25, 1.0], 2 * n)
    values = rng.uniform(size=2 * n)
    with Database() as database:
        pile = Pile(database, "pile", max(most, 500))
        for start in range(0, n, 1000):
            own = np.flatnonzero((units >= start) & (units < start + 1000))
            pile.add(cells(units[own], {"value": values[own]}, shown[own]))
        found = fold(pile, np.arange(n)).means("value")
    levels = np.unique(shown, return_inverse=True)[1]
    expected = resample_means(values, levels, units, 3)
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)


@pytest.mark.parametrize("most", [10, 1000])
def test_rows_of_a_pile_come_out_whole_whatever_fits_into_memory(most):
    rng = np.random.default_rng(3)
    keys = rng.integers(0, 30, 400)
    with Database() as database:
        pile = Pile(database, "pile", most)
        for start in range(0, 400, 9):
            pile.add(pa.table({"key": keys[start : start + 9], "row": np.arange(start, min(start + 9, 400))}))
        groups = [set(table["key"].to_pylist()) for table in pile.groups("key")]
        rows = [row for table in pile.ordered("key", "row") for row in zip(*table.to_pydict().values(), strict=True)]
        pile.drop()
        assert not list(pile.ordered("key"))
    assert sum(map(len, groups)) == len(set(keys.tolist())), "no key comes in two of them"
    assert rows == sorted(zip(keys.tolist(), range(400), strict=True))


def test_parts_add_up_by_name():
    parts = [{"n": 1, "of": {"a": 2}}, {"n": 3, "of": {"b": 1}}, {"more": [1]}]
    assert combined(parts) == {"n": 4, "of": {"a": 2, "b": 1}, "more": [1]}
    assert combined([]) is None
