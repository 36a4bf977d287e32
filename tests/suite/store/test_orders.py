"""Orders of the tasks of a sitting: each is given as often as any other one, and none comes first more often."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite.store.small_study import HOUR, join

from hmix_hub.suite.study.model import Sitting
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT


def order_of(store, session):
    return tuple(part.task for part in store.parts(session))


@pytest.mark.parametrize("tasks", [(INFER, CONSTRUCT), (INFER, CONSTRUCT, SELECT)])
def test_orders_are_given_in_turn_and_who_leaves_gives_theirs_back(begin, clocks, tasks):
    store = begin(*tasks, order="balanced", quota=50)
    number = 2 if len(tasks) == 2 else 6
    given = [order_of(store, join(store, person)) for person in range(2 * number + 1)]
    assert set(Counter(given).values()) <= {2, 3}
    assert len(set(given)) == number

    clocks.pass_by(2 * HOUR)
    # All of them have lapsed: the orders begin anew.
    assert Counter(order_of(store, join(store, f"later {person}")) for person in range(number)) == Counter(set(given))


def test_a_fixed_order_is_the_same_for_all(begin):
    store = begin("scale_rating", INFER, CATEGORICAL)
    assert {order_of(store, join(store, person)) for person in range(3)} == {("scale_rating", INFER, CATEGORICAL)}


@given(number=st.integers(2, 6))
def test_balanced_orders_are_balanced_in_places_and_in_neighbours(number):
    tasks = ["infer_mixing_factor", CONSTRUCT, SELECT, CATEGORICAL, "class_choice", "scale_rating"][:number]
    orders = Sitting.model_validate({"tasks": tasks, "order": "balanced"}).orders()

    assert all(sorted(order) == sorted(tasks) for order in orders)
    places = Counter((task, place) for order in orders for place, task in enumerate(order))
    neighbours = Counter(pair for order in orders for pair in pairwise(order))
    assert len(places) == number * number
    assert len(set(places.values())) == 1
    assert len(neighbours) == number * (number - 1)
    assert len(set(neighbours.values())) == 1
    assert len({tuple(order[:2]) for order in orders}) == len(orders)
