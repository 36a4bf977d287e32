"""Random streams: known numbers, their distribution, and complements that stay exact."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc

from hmix_hub.perception.stream import STEPS, CoefficientStream, beta_quantiles, exact, interpolate, scramble


def test_the_hash_is_splitmix64():
    states = (torch.arange(3) + 1) * -0x61C8864680B583EB
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [int(number) % 2**64 for number in scramble(states)] == published


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1, 2, 5])
def test_coefficients_have_the_beta_distribution(alpha):
    drawn = CoefficientStream(alpha, 11).coefficients(torch.arange(200_000)).double().sort().values.numpy()
    places = np.arange(1, 100) / 100
    expected = betainc(alpha, alpha, places)
    np.testing.assert_allclose(np.searchsorted(drawn, places) / len(drawn), expected, atol=0.005)
    assert (drawn * STEPS == np.rint(drawn * STEPS)).all()


def test_quantiles_are_symmetric_and_a_table_gives_its_own_entries():
    table = beta_quantiles(0.3)
    torch.testing.assert_close(table + table.flip(0), torch.ones(len(table)))
    assert interpolate(table, torch.tensor([0.0, 0.5, 1.0])).tolist() == [0, 0.5, 1]


def test_streams_and_seeds_are_unlike_each_other():
    positions = torch.arange(20_000)
    numbers = [CoefficientStream(1, seed).numbers(positions, stream) for seed in (0, 1, 2) for stream in (0, 1)]
    found = np.corrcoef(torch.stack([*numbers, numbers[0].roll(1)]).numpy())
    assert np.abs(found - np.eye(len(found))).max() < 0.03


@given(st.floats(0, 1))
def test_the_complement_of_a_number_is_exact(number):
    for given_as in (np.float64(number), np.float32(number)):
        there, back = (exact(torch.tensor(value)) for value in (given_as, 1 - given_as))
        assert there == 1 - back
        assert abs(float(there) - number) <= 1.01 / STEPS
        assert float(there) * STEPS == round(float(there) * STEPS)
