"""Tensors of datasets: `hmix_hub.to_tensors`, with one rule for each type of column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import torch

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError
from hmix_hub.stimuli.sizes import check_size
from hmix_hub.tables import arrow_columns, check_dataset_type, coded_texts, named_columns, vocabularies_of
from hmix_hub.tasks import distributions_among
from hmix_hub.tensor_columns import RECORDED_LISTS, Request, convert, convert_coded

PROVENANCE = ("judgment_id", "source_file", "source_row", "schema_version")
"""Columns excluded by default: the origin of rows."""
MASK_SUFFIX = "_mask"


class Tensors(dict[str, torch.Tensor]):
    """Tensors by column name, all with the same first dimension.

    Attributes
    ----------
    vocabularies
        For each column of codes, the values of the codes: ids, class names or flags.
    """

    def __init__(self) -> None:
        super().__init__()
        self.vocabularies: dict[str, list[str]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Tensors, (), {"vocabularies": self.vocabularies}, None, iter(self.items())


def to_tensors(
    dataset: datasets.Dataset,
    columns: str | Sequence[str] | None = None,
    dtype: torch.dtype = torch.float32,
    *,
    copy: bool = True,
    vocabularies: Tensors | Mapping[str, Sequence[str]] | None = None,
    image_size: tuple[int, int] | None = None,
) -> Tensors:
    """Return the columns of a dataset as tensors.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows: any selection.
    columns
        Columns; `None`: all except judgment_id, source_file, source_row and schema_version, and recorded lists of any
        length (paths and their times, grid_coefficients, class_order).
    dtype
        Floating type of coefficients, confidences, probabilities and response times; the latter exceed 65,504, the
        maximum of torch.float16.
    copy
        True: the tensors own their memory. False: a column stored in memory as needed (same type, no nulls, one chunk)
        becomes a view of it. **A view is read-only: writing to one over a mapped file crashes the process with a
        segmentation fault.** Coefficients are stored as float64, so they can only be views with `dtype=torch.float64`.
    vocabularies
        Values of ids, by column: other tensors, or their `vocabularies`, so that a participant has the same code in the
        train and the test part; ids not among them become -1. `None`: ids are coded in order of appearance.
    image_size
        Height and width to resize pictures of image columns to; see `render`. `None`: they must have one size.

    Returns
    -------
    Tensors
        A dict of contiguous tensors in the order of the columns, each followed by its mask, with the vocabularies as an
        attribute; `TensorDataset(*tensors.values())` works. Save them with `torch.save(dict(tensors), file)`:
        `torch.load` reads plain dicts safely.

        =============================================== ========= ========= =======================================
        column                                          shape     dtype     values
        =============================================== ========= ========= =======================================
        coefficients, confidence, probabilities,        (N,)      `dtype`   0 to 1, milliseconds; NaN where null
        response_time_ms, means and differences
        image_1_index, image_2_index, trial_index,      (N,)      int64     -1 where null
        presentation, condition, n_judgments, ...
        image_1_label, image_2_label, top_class,        (N,)      int64     0 to K - 1; -1 where null
        second_class, chosen_class, majority_class
        study_id, task, participant_id, batch_id,       (N,)      int64     codes, counted in the order of first
        collection_round, image_set, pair_id,                               appearance; see `vocabularies`
        stimulus_id, image_1_side
        is_repeat, inferred_touched, confidence_touched (N,)      bool      false where null
        soft_label, mean_soft_label, class_frequencies  (N, K)    `dtype`   probabilities, each row sums to 1
        class_counts                                    (N, K)    int64     votes; -1 where null
        impossible_classes                              (N, K)    bool      true where ruled out
        flags                                           (N, F)    bool      one place per flag of any task; see
                                                                            `vocabularies["flags"]`
        selected_coefficients, inferred_coefficients,   (N, M)    `dtype`   one per judgment, padded with NaN to
        confidences                                                         the longest list, M
        soft_labels                                     (N, M, K) `dtype`   likewise
        paths, their times, grid_coefficients           (N, M)    `dtype`   in order, padded with NaN
        class_order, chosen_classes                     (N, M)    int64     in order, padded with -1
        image, image_1, image_2                         (N, 3, H, uint8     pictures, red, green, blue
                                                        W)
        <column>_mask, for every nullable column        (N,)      bool      true where there is a value
        <column>_mask, for a column of lists            (N, M)    bool      likewise
        =============================================== ========= ========= =======================================

    Raises
    ------
    ConfigurationError
        If a column is not in the dataset, `dtype` is not a floating type or cannot represent a number of a column, or
        labels have other classes than in `vocabularies`.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> tensors = hmix_hub.to_tensors(ds, ["mixing_coefficient", "participant_id"])
    >>> tensors["participant_id"][:2], tensors.vocabularies["participant_id"][0]
    (tensor([0, 0]), 'sample000000001')
    """
    check_dataset_type(dataset)
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        msg = f"dtype must be a floating type, such as torch.float32, not {dtype!r}"
        raise ConfigurationError(msg, hint="labels, indices and ids are always int64")
    if columns is None:
        names = [name for name in dataset.column_names if name not in {*PROVENANCE, *RECORDED_LISTS}]
    else:
        names = named_columns(dataset, columns)
    if distributions_among(names):
        # Labels have the names of their column, distributions none.
        in_one_order(dataset)
    coded = coded_texts(dataset, names)
    table = arrow_columns(dataset, [name for name in names if name not in coded])
    labels = {name: list(vocabulary.names) for name, vocabulary in vocabularies_of(dataset.info.features or {}).items()}
    given = vocabularies.vocabularies if isinstance(vocabularies, Tensors) else vocabularies or {}
    counted_in = {name: list(values) for name, values in given.items()}
    request = Request(dtype, copy, labels, counted_in, check_size(image_size))
    converted = [
        convert_coded(name, *coded[name], request) if name in coded else convert(name, table[name], request)
        for name in names
    ]
    tensors = Tensors()
    for name, column in zip(names, converted, strict=True):
        tensors[name] = column.values
        if column.mask is not None:
            tensors[name + MASK_SUFFIX] = column.mask
        if column.vocabulary:
            if column.vocabulary != request.vocabularies.get(name, column.vocabulary):
                msg = f"column {name!r} has other classes than vocabularies[{name!r}]"
                raise ConfigurationError(msg, hint="join the datasets first with hmix_hub.join, which recodes labels")
            tensors.vocabularies[name] = list(column.vocabulary)
    return tensors
