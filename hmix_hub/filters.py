"""Filters over loaded datasets: `hmix_hub.filter`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import datasets
import numpy as np
import pyarrow as pa

from hmix_hub.errors import ConfigurationError, EmptyResultWarning
from hmix_hub.judgments.conditions import Condition, check_columns, select_rows
from hmix_hub.judgments.grammar import parse_filters
from hmix_hub.schema import Vocabulary
from hmix_hub.tables import arrow_columns, check_dataset_type, map_tables, pick_rows, vocabularies_of

D = TypeVar("D")


def filter(dataset: D, **filters: Any) -> D:  # noqa: A001 - the verb that pandas and datasets users look for
    """Keep the rows that meet every filter.

    Parameters
    ----------
    dataset
        A `datasets.Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict` of judgments or stimuli.
    participants, studies, stimuli, pairs, collection_round
        An id, or a list or set of ids.
    mixing_coefficient, inferred_coefficient, selected_coefficient, start_coefficient, confidence
        0 to 1: a number (equal within 1e-9), `(low, high)` or `between(low, high)` (closed, `None` open), or a list
        of these.
    response_time_ms, presentation
        The same in milliseconds, and in presentations counted from 1.
    labels
        Classes, one of which either picture must have: names, regardless of case, or codes of the label columns.
    class_pair
        The classes of the two pictures, in any order; or a list of such pairs.
    repeats
        True: only intended repeats. False: none of them.
    exclude_flags
        Flags that rows must not have.

    Returns
    -------
    Same type as `dataset`
        Matching rows in order. No cache file is written.

    Raises
    ------
    FilterError
        If a filter is unknown or malformed, the dataset lacks its column, or an id, class or flag does not exist. In a
        stream, ids cannot be checked: pass the filters to `load_dataset(..., streaming=True)` instead.

    Warns
    -----
    EmptyResultWarning
        If no row is left; it names the filter that removed the last one. Not issued for streams.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> len(hmix_hub.filter(ds, mixing_coefficient=hmix_hub.between(0.4, 0.6), repeats=False))
    219
    """
    return apply_conditions(dataset, parse_filters(filters))


def apply_conditions(dataset: D, conditions: Sequence[Condition]) -> D:
    """Keep the rows of a dataset that meet all conditions; see `filter`."""
    if not conditions:
        return dataset
    kept: Any
    if isinstance(dataset, datasets.Dataset):
        kept = _filter_together([dataset], conditions)[0]
    elif isinstance(dataset, datasets.DatasetDict):
        # Together, since an id of one split need not occur in another.
        kept = datasets.DatasetDict(zip(dataset, _filter_together(list(dataset.values()), conditions), strict=True))
    elif isinstance(dataset, datasets.IterableDataset):
        kept = _filter_stream(dataset, conditions)
    elif isinstance(dataset, datasets.IterableDatasetDict):
        kept = datasets.IterableDatasetDict({name: _filter_stream(part, conditions) for name, part in dataset.items()})
    else:
        msg = f"filter requires a dataset, a dict of splits or a stream, not {type(dataset).__name__}"
        raise ConfigurationError(msg, hint="load one with hmix_hub.load_dataset")
    return kept


def _filter_together(parts: Sequence[datasets.Dataset], conditions: Sequence[Condition]) -> list[datasets.Dataset]:
    """Filter the splits of a dataset, each by its own classes; an id exists if any split has it."""
    tables = [arrow_columns(check_dataset_type(p), check_columns(conditions, p.column_names)) for p in parts]
    masks, emptied_by = select_rows(tables, conditions, [vocabularies_of(part.features) for part in parts])
    if emptied_by:
        warn_empty(emptied_by)
    return [pick_rows(part, np.flatnonzero(mask)) for part, mask in zip(parts, masks, strict=True)]


def _filter_stream(dataset: datasets.IterableDataset, conditions: Sequence[Condition]) -> datasets.IterableDataset:
    features = dataset.features
    if features is None:
        msg = "the columns of the stream are unknown, as after a map"
        raise ConfigurationError(msg, hint="filter it before map, or pass features to map")
    check_columns(conditions, list(features))
    # A partial can be pickled for the workers of a DataLoader.
    keep = partial(_filter_batch, conditions=list(conditions), vocabularies=vocabularies_of(features))
    return map_tables(dataset, keep, features)


def _filter_batch(batch: pa.Table, conditions: Sequence[Condition], vocabularies: Mapping[str, Vocabulary]) -> pa.Table:
    masks, _ = select_rows([batch], conditions, [vocabularies], is_whole=False)
    return batch.filter(masks[0])


def warn_empty(emptied_by: str) -> None:
    """Warn that no row is left, with the reason."""
    warnings.warn(f"no row is left: {emptied_by}", EmptyResultWarning, stacklevel=5)
