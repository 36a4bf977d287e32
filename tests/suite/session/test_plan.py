"""Plans: what one person sees in which order, and how start values and sides are shared out over all people."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite_maker import TASKS, frozen_study

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.overview import count_sides, count_starts
from hmix_hub.suite.design.plan import Plan, draw_plan, pages_before
from hmix_hub.suite.tasks.trial import STEPS, Trial
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

STIMULI = 12
REPEATS = [3, 12, 1]

seeds = st.integers(0, 2**63 - 1)


def study(task: str, *, batches: int = 1, quota: int = 3, **design: Any) -> FrozenStudy:
    design = {"repeats": REPEATS, "batch_size": STIMULI} | design
    return frozen_study(task, batches=batches, stimuli=STIMULI, quota=quota, design=design)


def plan_of(frozen: FrozenStudy, *, batch: int = 0, number: int = 0, seed: int = 5) -> tuple[Trial, ...]:
    return draw_plan(frozen, frozen.batches[batch], number, seed).trials


FROZEN = {task: study(task) for task in TASKS}


@given(seed=seeds, number=st.integers(0, 9))
@pytest.mark.parametrize("task", TASKS)
def test_every_stimulus_is_shown_once_and_then_the_repeated_places_again(task: str, seed: int, number: int) -> None:
    trials = plan_of(FROZEN[task], number=number, seed=seed)
    order = [trial.stimulus for trial in trials[:STIMULI]]

    assert sorted(order) == list(range(STIMULI))
    assert [trial.stimulus for trial in trials[STIMULI:]] == [order[place - 1] for place in REPEATS]
    assert [trial.is_repeat for trial in trials] == [False] * STIMULI + [True] * len(REPEATS)


@pytest.mark.parametrize("task", TASKS)
def test_people_see_stimuli_in_orders_of_their_own(task: str) -> None:
    orders = {tuple(trial.stimulus for trial in plan_of(FROZEN[task], seed=seed)[:STIMULI]) for seed in range(20)}

    assert len(orders) == 20
    # Wherever a stimulus stands first for one, another does for somebody else.
    assert all(len({order[place] for order in orders}) > STIMULI // 2 for place in range(STIMULI))


@given(seed=seeds, number=st.integers(0, 9))
@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_draws_the_same_plan_which_json_keeps(task: str, seed: int, number: int) -> None:
    frozen = FROZEN[task]
    plan = draw_plan(frozen, frozen.batches[0], number, seed)

    assert draw_plan(frozen, frozen.batches[0], number, seed) == plan
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json()).trials == plan.trials


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("has_quiz", [True, False])
def test_trials_stand_on_the_timeline_behind_consent_instructions_and_quiz(task: str, has_quiz: bool) -> None:
    frozen = FROZEN[task] if has_quiz else study(task, quiz=None)
    plan = draw_plan(frozen, frozen.batches[0], 0, 5)
    first = 4 if has_quiz else 3  # consent, two instruction pages, perhaps the quiz

    assert 1 + pages_before(frozen, frozen.design_of(frozen.batches[0]), is_first=True) == first
    assert [trial.trial_index for trial in plan.trials] == list(range(first, first + STIMULI + len(REPEATS)))
    assert [plan.trial(index) for index in range(first, first + STIMULI + len(REPEATS))] == list(plan.trials)
    assert plan.trial(first - 1) is None
    assert plan.trial(first + STIMULI + len(REPEATS)) is None


@pytest.mark.parametrize("task", TASKS)
def test_a_trial_holds_what_its_task_shows_and_nothing_else(task: str) -> None:
    shown = {
        CONSTRUCT: {"image_1_side", "start_step"},
        SELECT: {"grid_steps"},
        INFER: {"image_1_side"},
        CATEGORICAL: {"class_order"},
        "class_choice": {"class_order"},
        "scale_rating": set(),
    }
    names = {"image_1_side", "start_step", "grid_steps", "class_order"}

    for trial in plan_of(FROZEN[task]):
        assert {name for name in names if getattr(trial, name) is not None} == shown[task]


@given(seed=seeds)
def test_a_grid_holds_all_eleven_steps_in_an_order_of_its_own(seed: int) -> None:
    grids = [trial.grid_steps for trial in plan_of(FROZEN[SELECT], seed=seed)]

    assert all(sorted(grid or ()) == list(range(STEPS)) for grid in grids)
    assert len(set(grids)) == len(grids)


def test_an_order_of_classes_is_a_persons_own_or_the_vocabularys() -> None:
    shuffled = [{trial.class_order for trial in plan_of(FROZEN[CATEGORICAL], seed=seed)} for seed in range(9)]
    fixed = {trial.class_order for trial in plan_of(study(CATEGORICAL, class_order="fixed"))}

    assert all(len(orders) == 1 for orders in shuffled)
    assert all(sorted(order or ()) == list(range(10)) for orders in shuffled for order in orders)
    assert len({order for orders in shuffled for order in orders}) == 9
    assert fixed == {tuple(range(10))}


def everybody(frozen: FrozenStudy) -> list[tuple[Batch, tuple[Trial, ...]]]:
    """Return the trials of every person of a full study."""
    return [
        (batch, plan_of(frozen, batch=batch.number, number=number, seed=100 * batch.number + number))
        for batch in frozen.batches
        for number in range(batch.quota)
    ]


def spread(counts: Counter[Any], keys: int) -> int:
    return max(counts.values()) - (min(counts.values()) if len(counts) == keys else 0)


SIZES = list(product(range(1, 7), range(1, 6)))
VALUES = ([0.5], [0.1, 0.9], [0.1, 0.5, 0.9], [0, 0.3, 0.7, 1])


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize(("quota", "batches"), SIZES)
def test_sides_and_start_values_are_balanced_over_all_people(quota: int, batches: int, values: list[float]) -> None:
    frozen = study(CONSTRUCT, batches=batches, quota=quota, start={"values": values}, sides="counterbalanced")
    people = [{(trial.image_1_side, trial.start_step) for trial in trials} for _, trials in everybody(frozen)]

    assert all(len(shown) == 1 for shown in people)
    shown = Counter(one for [one] in people)
    sides, starts = Counter(side for [(side, _)] in people), Counter(step for [(_, step)] in people)
    assert spread(sides, 2) <= 1
    assert spread(starts, len(values)) <= 1
    assert spread(shown, 2 * len(values)) <= 1
    design = frozen.design_of(frozen.batches[0])
    assert count_sides(frozen.batches, design) == {side: sides[side] for side in ("left", "right")}
    assert count_starts(frozen.batches, design) == {f"{value:g}": starts[round(10 * value)] for value in values}


@pytest.mark.parametrize(("quota", "batches"), SIZES)
def test_sides_and_start_values_are_balanced_within_each_batch_too(quota: int, batches: int) -> None:
    for task, values in ((CONSTRUCT, 2), (INFER, 1)):
        frozen = study(task, batches=batches, quota=quota, sides="counterbalanced")
        for number in range(batches):
            people = [trials[0] for batch, trials in everybody(frozen) if batch.number == number]
            assert spread(Counter(trial.image_1_side for trial in people), 2) <= 1
            assert spread(Counter(trial.start_step for trial in people), values) <= 1


@pytest.mark.parametrize(("quota", "batches"), SIZES)
def test_where_each_person_has_all_start_values_they_are_shuffled_and_balanced(quota: int, batches: int) -> None:
    start = {"values": [0.1, 0.9], "vary": "within"}
    frozen = study(CONSTRUCT, batches=batches, quota=quota, start=start, sides="counterbalanced")
    people = [[trial.start_step for trial in trials] for _, trials in everybody(frozen)]

    assert all(spread(Counter(steps), 2) <= 1 for steps in people)
    assert spread(Counter(step for steps in people for step in steps), 2) <= 1
    assert spread(Counter(trials[0].image_1_side for _, trials in everybody(frozen)), 2) <= 1
    total = Counter(step for steps in people for step in steps)
    assert count_starts(frozen.batches, frozen.design_of(frozen.batches[0])) == {"0.1": total[1], "0.9": total[9]}


def test_start_values_within_a_person_come_in_no_order() -> None:
    frozen = study(CONSTRUCT, start={"values": [0.1, 0.9], "vary": "within"})
    orders = {tuple(trial.start_step for trial in plan_of(frozen, seed=seed)) for seed in range(20)}

    assert len(orders) == 20
    assert len({order[0] for order in orders}) == 2


def test_fixed_sides_are_left() -> None:
    for task in (CONSTRUCT, INFER):
        frozen = study(task, batches=3, sides="fixed")
        assert {trial.image_1_side for _, trials in everybody(frozen) for trial in trials} == {"left"}


@pytest.mark.parametrize(("side", "positions"), [("right", list(range(STEPS))), ("left", list(range(STEPS))[::-1])])
def test_positions_run_from_far_left_to_far_right(side: Any, positions: list[int]) -> None:
    trial = Trial(4, 0, False, image_1_side=side, start_step=1)

    assert [trial.position_of(step) for step in range(STEPS)] == positions
    assert [trial.step_at(position) for position in positions] == list(range(STEPS))
