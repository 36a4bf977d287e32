"""Splits without leaks: `hmix_hub.split`."""

from __future__ import annotations

import math
import numbers
import warnings
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, get_args

import datasets
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hmix_hub.errors import ConfigurationError, SplitWarning, nearest
from hmix_hub.resampling import check_seed
from hmix_hub.tables import arrow_columns, check_dataset_type, pick_rows
from hmix_hub.tasks import why_no_participants

By = Literal["image", "participant", "stimulus", "pair"]
DEFAULT_FRACTIONS = {"train": 0.8, "test": 0.2}
TOLERANCE = 0.25
"""Relative deviation of a split's size from the requested one that triggers a warning."""
ATTEMPTS = 20
"""Number of further attempts if the first one misses the fractions by more than the tolerance; the best is used."""

Picture = tuple[str, int]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def split(
    dataset: Any,
    *,
    by: str = "image",
    fractions: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Any:
    """Split datasets without leakage: nothing of a kind is in two parts.

    Parameters
    ----------
    dataset
        A `datasets.Dataset` of judgments or stimuli; or a list of several, which are split consistently, so that no
        picture (participant, ...) is in the train part of one and the test part of another.
    by
        "image" (default): no picture is shared; pictures ever mixed with each other, directly or through others, stay
        together. "participant": no participant is shared, but pictures are. "stimulus", "pair": no mixture, or no pair
        of pictures, is shared, but single pictures are, and so leak.
    fractions
        Share of the rows by split name, for any number of splits, summing to 1; `None`: 80 % train, 20 % test. Groups
        are never divided, so shares are met as closely as the groups allow; each split gets at least one group.
    seed
        Seed of the assignment, 0 or more. The result depends only on the groups, not on the order of rows.

    Returns
    -------
    datasets.DatasetDict, or a list of them
        Rows keep their order.

    Raises
    ------
    ConfigurationError
        If `by`, the fractions or the seed are invalid, a dataset lacks the columns, or there are fewer groups than
        splits, so that one would be empty. It is a `ValueError`, as in scikit-learn.

    Warns
    -----
    SplitWarning
        If the size of a split deviates by more than a quarter (and at least one row) from the request, since groups are
        never divided. It states the sizes and names the largest groups.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> parts = hmix_hub.split(ds, by="participant")
    >>> {name: len(part) for name, part in parts.items()}
    {'train': 989, 'test': 247}
    """
    fractions = _check_fractions(DEFAULT_FRACTIONS if fractions is None else fractions)
    if by not in get_args(By):
        msg = f"cannot split by {by!r}"
        raise ConfigurationError(msg, hint=nearest(by, get_args(By), label="ways"))
    seed = check_seed(seed)
    several = isinstance(dataset, list | tuple)
    parts = [check_dataset_type(part) for part in (dataset if several else [dataset])]
    keys = [_keys(part, by) for part in parts]
    group_of = _components(keys) if by == "image" else {key: key for rows in keys for key in rows}
    groups = [[group_of[key] for key in rows] for rows in keys]
    counts = [Counter(rows) for rows in groups]
    names = sorted(set().union(*counts))
    _check_enough(by, len(names), list(fractions))
    sizes = np.array([[count[name] for name in names] for count in counts], dtype=np.int64)
    dealt = _deal(sizes, np.array(list(fractions.values())), seed)
    for number, (part, rows) in enumerate(zip(parts, groups, strict=True)):
        missed = _missed(sizes[number], dealt, fractions)
        if missed:
            which = f" of dataset {number + 1} of {len(parts)}" if several else ""
            message = f"split{which} by {by}: {missed}. {_name_largest(part, by, rows, fractions)}"
            warnings.warn(message, SplitWarning, stacklevel=2)
    split_of = dict(zip(names, dealt.tolist(), strict=True))
    results = []
    for part, rows in zip(parts, groups, strict=True):
        of_row: Ints = np.array([split_of[group] for group in rows], dtype=np.int64)
        picked = {name: pick_rows(part, np.flatnonzero(of_row == n)) for n, name in enumerate(fractions)}
        results.append(datasets.DatasetDict(picked))
    return results if several else results[0]


def _check_fractions(fractions: object) -> dict[str, float]:
    example = 'write {"train": 0.8, "test": 0.2}'
    if not isinstance(fractions, Mapping):
        msg = f"fractions must be a dict of shares by split name, not {fractions!r}"
        raise ConfigurationError(msg, hint=example)
    if any(not isinstance(name, str) or not name for name in fractions):
        msg = f"each split needs a name: {dict(fractions)}"
        raise ConfigurationError(msg, hint=example)
    if not fractions or any(
        not isinstance(share, numbers.Real) or not 0 < float(share) <= 1 for share in fractions.values()
    ):
        msg = f"each fraction must be a number above 0 and at most 1: {dict(fractions)}"
        raise ConfigurationError(msg)
    if not math.isclose(sum(fractions.values()), 1, abs_tol=1e-9):
        msg = f"the fractions sum to {sum(fractions.values()):g}, not 1"
        raise ConfigurationError(msg)
    return {name: float(share) for name, share in fractions.items()}


_KEY_COLUMNS = {
    "image": ("image_set", "image_1_index", "image_2_index"),
    "participant": ("study_id", "participant_id"),
    "stimulus": ("image_set", "stimulus_id"),
    "pair": ("image_set", "pair_id"),
}


_SPLIT_FIRST = "split before choosing columns; split by-stimulus tables by image, stimulus or pair"


def _keys(dataset: datasets.Dataset, by: str) -> list[tuple[Any, ...]]:
    """Return the key of each row; in the midpoint tasks the stimulus is the pair."""
    columns = list(_KEY_COLUMNS[by])
    if by == "stimulus" and "stimulus_id" not in dataset.column_names:
        columns = list(_KEY_COLUMNS["pair"])
    missing = [name for name in columns if name not in dataset.column_names]
    if missing:
        msg = f"splitting by {by} requires the columns {', '.join(missing)}, which the dataset does not have"
        raise ConfigurationError(msg, hint=why_no_participants(dataset.column_names) or _SPLIT_FIRST)
    table = arrow_columns(dataset, columns)
    # A single picture has no image 2.
    empty = [name for name in columns if name != "image_2_index" and table[name].null_count]
    if empty:
        msg = f"splitting by {by} requires a value in every row of {', '.join(empty)}"
        raise ConfigurationError(msg, hint="remove rows without one, or split by something else")
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def _components(keys: Sequence[Sequence[tuple[str, int, int | None]]]) -> dict[tuple[Any, ...], Picture]:
    """Return the connected component of pictures of each pair, identified by its first picture."""
    pairs = list({key for rows in keys for key in rows})
    ends = [[(name, first), (name, first if second is None else second)] for name, first, second in pairs]
    pictures = sorted({picture for both in ends for picture in both})
    number = {picture: n for n, picture in enumerate(pictures)}
    edges = np.array([[number[one], number[other]] for one, other in ends], dtype=np.int32).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), edges.T), shape=(len(pictures), len(pictures)))
    component = connected_components(graph, directed=False)[1]
    least = np.unique(component, return_index=True)[1]
    return {pair: pictures[least[component[n]]] for pair, n in zip(pairs, edges[:, 0], strict=True)}


def _check_enough(by: str, n_groups: int, names: Sequence[str]) -> None:
    if not n_groups:
        msg = "there are no rows to split"
        raise ConfigurationError(msg, hint="a filter may have left none")
    if n_groups < len(names):
        kind = _KINDS[by][n_groups > 1]
        msg = f"{n_groups} {kind} cannot be divided into {len(names)} splits ({', '.join(names)})"
        raise ConfigurationError(msg, hint=_FINER.get(by, "use fewer splits, or split by something else"))


def _deal(sizes: Ints, shares: Floats, seed: int) -> Ints:
    """Return the split of each group, from the first attempt within the tolerance, or from the best one.

    Parameters
    ----------
    sizes
        int64 (D, G): rows of each of G groups in each of D datasets.
    shares
        float64 (S,): share of each of S splits, summing to 1.
    """
    rng = np.random.default_rng(seed)
    rows = sizes.sum(axis=0)
    nearest_deal, nearest_excess = np.zeros(len(rows), dtype=np.int64), math.inf
    for _ in range(ATTEMPTS):
        dealt = _deal_once(rows, shares, rng.permutation(len(rows)))
        excess = sum(_excess(of_dataset, dealt, shares) for of_dataset in sizes)
        if excess < nearest_excess:
            nearest_deal, nearest_excess = dealt, excess
        if excess <= 0:
            break
    return nearest_deal


def _deal_once(rows: Ints, shares: Floats, order: Ints) -> Ints:
    """Assign groups in an order, each to the split that lacks most rows."""
    lacking = shares * rows.sum()
    dealt = np.zeros(len(rows), dtype=np.int64)
    is_empty = np.ones(len(shares), dtype=np.bool_)
    n_empty = len(shares)
    for turn, group in enumerate(order.tolist()):
        # The last groups are reserved for splits that would otherwise be empty.
        open_to = lacking if n_empty < len(rows) - turn else np.where(is_empty, lacking, -np.inf)
        number = int(np.argmax(open_to))
        dealt[group] = number
        lacking[number] -= rows[group]
        n_empty -= int(is_empty[number])
        is_empty[number] = False
    return dealt


def _excess(rows: Ints, dealt: Ints, shares: Floats) -> float:
    """Return the total relative deviation of splits beyond the tolerance; 0 if there is none."""
    asked = shares * rows.sum()
    missed = np.abs(np.bincount(dealt, weights=rows, minlength=len(shares)) - asked)
    beyond = np.where(missed < 1, 0.0, missed - TOLERANCE * asked - 1e-9)
    return float(np.sum(np.where(beyond > 0, beyond, 0.0) / np.maximum(asked, 1)))


def _missed(rows: Ints, dealt: Ints, fractions: Mapping[str, float]) -> str:
    """Return the actual and requested sizes of a dataset's splits; empty if within the tolerance."""
    shares = np.array(list(fractions.values()))
    if not _excess(rows, dealt, shares):
        return ""
    reached = np.bincount(dealt, weights=rows, minlength=len(shares))
    return ", ".join(
        f"{name} has {count:.0f} rows, {count / rows.sum():.1%} (requested: {share:.1%})"
        for name, count, share in zip(fractions, reached, shares, strict=True)
    )


_KINDS = {
    "image": ("group of connected pictures", "groups of connected pictures"),
    "participant": ("participant", "participants"),
    "stimulus": ("stimulus", "stimuli"),
    "pair": ("pair", "pairs"),
}
"""Names of groups, singular and plural."""
_FINER = {"image": 'by="stimulus" or by="pair" divides further, but leaves the same pictures in several splits'}
_NAMED = 3
"""Maximum number of groups named in a warning."""


def _name_largest(dataset: datasets.Dataset, by: str, rows: Sequence[Hashable], fractions: Mapping[str, float]) -> str:
    """Return the groups of a dataset larger than its smallest requested split, or its largest group."""
    counts = Counter(rows)
    limit = min(fractions.values()) * len(rows)
    large = [group for group, count in counts.most_common(_NAMED) if count > limit] or [counts.most_common(1)[0][0]]
    described = "; ".join(f"{_describe(dataset, by, rows, group)}, {counts[group]} rows" for group in large)
    finer = f". {_FINER[by]}" if by in _FINER else ""
    return f"A {_KINDS[by][0]} is never divided; the largest of {len(counts)}: {described}{finer}"


def _describe(dataset: datasets.Dataset, by: str, rows: Sequence[Hashable], group: Hashable) -> str:
    """Describe a group: the id of a participant, stimulus or pair; or the number of connected pictures, with one."""
    members = [row for row, name in enumerate(rows) if name == group]
    if by != "image":
        return f"{by} {_keys(dataset.select(members[:1]), by)[0][-1]}"
    keys = _keys(dataset.select(members), by)
    pictures = {(image_set, index) for image_set, *both in keys for index in both if index is not None}
    image_set, index = min(pictures)
    example = dataset[members[0]]["pair_id"] if "pair_id" in dataset.column_names else f"{image_set} {index}"
    return f"{len(pictures)} pictures such as those of {example}"
