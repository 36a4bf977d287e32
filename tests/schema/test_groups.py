import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.schema.groups import Groups, encode_key

keys = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 3)), min_size=1, max_size=30)


@given(keys)
def test_keys_count_from_0_in_the_order_of_first_appearance(rows):
    codes = encode_key([pa.chunked_array([list(column)]) for column in zip(*rows, strict=True)])
    order = {key: number for number, key in enumerate(dict.fromkeys(rows))}
    assert codes.tolist() == [order[key] for key in rows]


@given(keys, st.integers(0, 2**32 - 1))
def test_sums_means_and_deviations_are_numpys(rows, seed):
    values = np.random.default_rng(seed).random(len(rows))
    codes = encode_key([pa.chunked_array([list(column)]) for column in zip(*rows, strict=True)])
    groups = Groups(codes)
    for code in range(codes.max() + 1):
        own = values[codes == code]
        assert np.isclose(groups.mean(values)[code], own.mean())
        assert np.isclose(groups.std(values)[code], own.std())
        assert groups.sizes[code] == len(own)
        assert groups.ranks()[codes == code].tolist() == list(range(len(own)))


def test_distinct_counts_values_once():
    assert Groups(np.array([0, 0, 1, 0])).distinct(np.array([5, 5, 5, 2])).tolist() == [2, 1]


def test_the_median_of_a_group_is_its_middle_value_or_the_mean_of_its_middle_two():
    groups = Groups(np.array([0, 1, 0, 1, 0, 2]))
    assert groups.median(np.array([0.9, 0.25, 0.1, 0.75, 0.2, 0.5])).tolist() == [0.2, 0.5, 0.5]
