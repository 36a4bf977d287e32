"""Splits without leaks: `hmix_hub.split`."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError, EmptyResultWarning, nearest
from hmix_hub.tables import arrow_columns, check_dataset_type, pick_rows

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

By = Literal["image", "participant", "stimulus", "pair"]
DEFAULT_FRACTIONS = {"train": 0.8, "test": 0.2}

Picture = tuple[str, int]


def split(
    dataset: Any,
    *,
    by: str = "image",
    fractions: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Any:
    """Split datasets so that nothing of a kind stands in two parts.

    Parameters
    ----------
    dataset
        A `datasets.Dataset` of judgments or stimuli; or a list of several, which are then split alike, so that no
        picture (person, ...) is in the train part of one and the test part of another.
    by
        "image" (default): no picture is shared. Pictures that were ever mixed with each other, directly or through
        others, stay together. "participant": no person is shared, but pictures are. "stimulus", "pair": no mixture,
        or no pair of pictures, is shared, but single pictures are, and so leak.
    fractions
        Share of the rows by split name, summing to 1; `None` is 80 % train, 20 % test. Whole groups are dealt out, so
        the shares are met as nearly as the groups allow.
    seed
        Seed of the deal. It depends on the groups alone, not on the order of rows.

    Returns
    -------
    datasets.DatasetDict, or a list of them
        Rows keep their order.

    Raises
    ------
    ConfigurationError
        If `by` or the fractions make no sense, or a dataset lacks the columns.

    Warns
    -----
    EmptyResultWarning
        If a split has no rows, since there are too few groups.
    """
    fractions = _check_fractions(DEFAULT_FRACTIONS if fractions is None else fractions)
    if by not in get_args(By):
        msg = f"cannot split by {by!r}"
        raise ConfigurationError(msg, hint=nearest(by, get_args(By), label="ways"))
    several = isinstance(dataset, list | tuple)
    parts = [check_dataset_type(part) for part in (dataset if several else [dataset])]
    keys = [_keys(part, by) for part in parts]
    group_of = _components(keys) if by == "image" else {key: key for rows in keys for key in rows}
    groups = [[group_of[key] for key in rows] for rows in keys]
    dealt = _deal(groups, fractions, seed)
    _warn_of_empty(by, fractions, dealt)
    results = [_select(part, rows, dealt, list(fractions)) for part, rows in zip(parts, groups, strict=True)]
    return results if several else results[0]


def _check_fractions(fractions: object) -> dict[str, float]:
    if not isinstance(fractions, Mapping):
        msg = f"fractions are a share by split name, not {fractions!r}"
        raise ConfigurationError(msg, hint='write {"train": 0.8, "test": 0.2}')
    if not fractions or any(not 0 < share <= 1 for share in fractions.values()):
        msg = f"each fraction is more than 0 and at most 1: {dict(fractions)}"
        raise ConfigurationError(msg)
    if not math.isclose(sum(fractions.values()), 1, abs_tol=1e-9):
        msg = f"the fractions sum to {sum(fractions.values()):g}, not 1"
        raise ConfigurationError(msg)
    return dict(fractions)


_KEY_COLUMNS = {
    "image": ("image_set", "image_1_index", "image_2_index"),
    "participant": ("study_id", "participant_id"),
    "stimulus": ("image_set", "stimulus_id"),
    "pair": ("image_set", "pair_id"),
}


def _keys(dataset: datasets.Dataset, by: str) -> list[tuple[Any, ...]]:
    """Give each row's key; in the midpoint tasks the stimulus is the pair."""
    columns = list(_KEY_COLUMNS[by])
    if by == "stimulus" and "stimulus_id" not in dataset.column_names:
        columns = list(_KEY_COLUMNS["pair"])
    missing = [name for name in columns if name not in dataset.column_names]
    if missing:
        msg = f"splitting by {by} needs the columns {', '.join(missing)}, which the dataset does not have"
        raise ConfigurationError(msg)
    table: pa.Table = arrow_columns(dataset, columns)
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def _components(keys: Sequence[Sequence[tuple[str, int, int | None]]]) -> dict[tuple[Any, ...], Picture]:
    """Give each pair's connected component of pictures, named by its least picture."""
    import networkx

    graph: networkx.Graph[Picture] = networkx.Graph()
    pairs = {key for rows in keys for key in rows}
    for image_set, first, second in pairs:
        graph.add_edge((image_set, first), (image_set, first if second is None else second))
    name: dict[Picture, Picture] = {}
    for component in networkx.connected_components(graph):
        name |= dict.fromkeys(component, min(component))
    return {pair: name[pair[0], pair[1]] for pair in pairs}


def _deal(groups: Sequence[Sequence[Any]], fractions: Mapping[str, float], seed: int) -> dict[Any, int]:
    """Deal groups in random order, each to the split that lacks most of its rows."""
    sizes: dict[Any, int] = {}
    for rows in groups:
        for group in rows:
            sizes[group] = sizes.get(group, 0) + 1
    names = sorted(sizes)
    lacking = np.array(list(fractions.values())) * sum(sizes.values())
    dealt = {}
    for position in np.random.default_rng(seed).permutation(len(names)):
        split_number = int(np.argmax(lacking))
        dealt[names[position]] = split_number
        lacking[split_number] -= sizes[names[position]]
    return dealt


def _warn_of_empty(by: str, fractions: Mapping[str, float], dealt: Mapping[Any, int]) -> None:
    empty = [name for number, name in enumerate(fractions) if number not in dealt.values()]
    if empty and dealt:
        kinds = {
            "image": "groups of connected pictures",
            "participant": "people",
            "stimulus": "stimuli",
            "pair": "pairs",
        }
        message = f"no rows for {', '.join(empty)}: there are too few {kinds[by]} ({len(dealt)}) to deal out"
        warnings.warn(message, EmptyResultWarning, stacklevel=3)


def _select(
    dataset: datasets.Dataset, groups: Sequence[Any], dealt: Mapping[Any, int], names: Sequence[str]
) -> datasets.DatasetDict:
    from datasets import DatasetDict

    numbers: npt.NDArray[np.int64] = np.array([dealt[group] for group in groups], dtype=np.int64)
    return DatasetDict(
        {name: pick_rows(dataset, np.flatnonzero(numbers == number)) for number, name in enumerate(names)}
    )
