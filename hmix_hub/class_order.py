"""Class order: one order of classes for all columns of a dataset; `hmix_hub.align_labels`.

Label columns have class names, so different orders can be recoded to one. Distributions, such as soft labels, have
none: `datasets.Dataset.align_labels_with_mapping` leaves them in their original order. This package records that order
in the description of a dataset; without it, soft labels must follow from the answers of their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.judgments.derived_columns import pair_ids
from hmix_hub.schema import CIFAR10, Kind, Vocabulary
from hmix_hub.schema.arrays import encode, matrix, recode
from hmix_hub.schema.column import LABEL_KINDS
from hmix_hub.tables import arrow_columns, check_dataset_type, class_orders, set_class_order, vocabularies_of
from hmix_hub.tasks import OVER_CLASSES, distributions_among
from hmix_hub.tasks.soft_labels import PROCEDURES, Answers, categorical_answers
from hmix_hub.tasks.soft_labels import soft_labels as compute

if TYPE_CHECKING:
    import datasets

_FIRST = "image_1_label"
_ANSWERS = ("top_class", "top_probability", "second_class", "second_probability", "impossible_classes")
_STORED = "soft_label"
_ORDER_HINT = "an order must include every class of every label column, and may include more"
_HINT = (
    "load the dataset again and reorder all columns at once with hmix_hub.align_labels(dataset, classes); or give the "
    "order of its soft labels there with soft_labels_in=; or remove them"
)
_AT_ONCE = 65_536
"""Number of rows whose soft labels are computed at a time."""


def in_one_order(dataset: datasets.Dataset) -> datasets.Dataset:
    """Return a dataset with all columns in the class order of `image_1_label`, or of its first labels.

    Parameters
    ----------
    dataset
        Judgments or stimuli, any columns; returned as it is if they agree, or labels have no names.

    Raises
    ------
    SchemaError
        If a label column has other classes, a label is outside its column's classes, or the soft labels may have
        another order.
    """
    vocabularies = _label_vocabularies(dataset)
    if not vocabularies:
        return dataset
    order = _order_of(vocabularies)
    _check_codes(dataset, vocabularies)
    others = {name: own for name, own in vocabularies.items() if own != order}
    if others:
        dataset = _with(dataset, {name: (own, order) for name, own in others.items()}, order)
        _check_pair_ids(dataset, order)
    _check_distributions(dataset, order, must_follow=bool(others))
    return dataset


def align_labels(
    dataset: datasets.Dataset, classes: Sequence[str], *, soft_labels_in: Sequence[str] | None = None
) -> datasets.Dataset:
    """Reorder the classes of a dataset: labels, lists of labels and soft labels.

    `datasets.Dataset.align_labels_with_mapping` only reorders one label column, and no soft labels.

    Parameters
    ----------
    dataset
        Judgments or stimuli.
    classes
        Class names in the new order, such as a model's: all of the dataset's, regardless of case; additional classes
        have probability 0.
    soft_labels_in
        Class names in the current order of the soft labels. `None`: that of the labels, which is checked as far as
        possible.

    Returns
    -------
    datasets.Dataset
        The same rows; ids are unchanged.

    Raises
    ------
    ConfigurationError
        If a class occurs twice, or one of the dataset's is missing.
    SchemaError
        If the dataset has no labels with class names, or its soft labels may have another order.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> names = ds.features["image_1_label"].names
    >>> hmix_hub.align_labels(ds, names[::-1]).features["image_2_label"].names[0]
    'truck'
    """
    check_dataset_type(dataset)
    target = check_classes(classes, "classes")
    vocabularies = _label_vocabularies(dataset)
    if not vocabularies:
        msg = "the dataset has no labels with class names"
        raise SchemaError(msg, hint="align the labels first, then choose columns")
    if soft_labels_in is None:
        dataset = in_one_order(dataset)
        vocabularies = _label_vocabularies(dataset)
        made_in = _order_of(vocabularies)
    else:
        made_in = check_classes(soft_labels_in, "soft_labels_in")
        _check_codes(dataset, vocabularies)
        _check_lengths(dataset, made_in)
    wanted = {name: (own, target) for name, own in vocabularies.items()}
    return _with(dataset, wanted | dict.fromkeys(distributions_among(dataset.column_names), (made_in, target)), target)


def check_classes(classes: object, argument: str) -> Vocabulary:
    """Check that an argument is a list of distinct class names."""
    names = () if isinstance(classes, str) or not isinstance(classes, Iterable) else tuple(classes)
    if not names or not all(isinstance(name, str) for name in names):
        msg = f"{argument} must be a list of class names, not {classes!r}"
        raise ConfigurationError(msg, hint="the dataset's are dataset.features['image_1_label'].names")
    try:
        return Vocabulary(names)
    except SchemaError as error:
        raise ConfigurationError(error.message) from None


def _label_vocabularies(dataset: datasets.Dataset) -> dict[str, Vocabulary]:
    """Return the class names of each column of the schema that holds labels or lists of them."""
    found = vocabularies_of(dataset.features)
    return {name: own for name, own in found.items() if name in OVER_CLASSES and OVER_CLASSES[name].kind in LABEL_KINDS}


def _order_of(vocabularies: Mapping[str, Vocabulary]) -> Vocabulary:
    return vocabularies.get(_FIRST) or next(iter(vocabularies.values()))


def _with(
    dataset: datasets.Dataset, moves: Mapping[str, tuple[Vocabulary, Vocabulary]], order: Vocabulary
) -> datasets.Dataset:
    """Return a dataset with some columns recoded to another vocabulary, without copying the others."""
    from datasets import Dataset, Features

    table: pa.Table = dataset.data.table
    features = dict(dataset.features)
    for name, (before, after) in moves.items():
        missing = [known for known in before.names if known.lower() not in {n.lower() for n in after.names}]
        if missing:
            msg = f"{name} has classes that {', '.join(after.names)} does not include: {', '.join(missing)}"
            raise SchemaError(msg, where=Where(column=name), hint=_ORDER_HINT)
        column = OVER_CLASSES[name]
        target = np.array(before.recode(after), dtype=np.int64)
        recoded = recode(table[name], column.kind, target, len(after)).cast(column.arrow_type(after))
        features[name] = column.feature(after)
        table = table.set_column(table.column_names.index(name), name, recoded)
    info = dataset.info.copy()
    info.features = Features(features)
    if distributions_among(moves):
        set_class_order(info, order)
    picked = getattr(dataset, "_indices", None)
    moved = Dataset(table.cast(info.features.arrow_schema), info=info, split=dataset.split, indices_table=picked)
    return moved.with_format(**dataset.format) if dataset.format["type"] is not None else moved


def _check_codes(dataset: datasets.Dataset, vocabularies: Mapping[str, Vocabulary]) -> None:
    """Check that each label is one of its column's classes."""
    for name, own in vocabularies.items():
        is_list = OVER_CLASSES[name].kind is Kind.LABELS
        # The whole table first: gathering selected rows takes longer.
        for table in (dataset.data.table, None):
            column = (arrow_columns(dataset, [name]) if table is None else table)[name]
            ends = pc.min_max(pc.list_flatten(column) if is_list else column).as_py()
            if ends["min"] is None or (ends["min"] >= 0 and ends["max"] < len(own)):
                break
        else:
            bad = ends["min"] if ends["min"] < 0 else ends["max"]
            msg = f"{name} is {bad}, but its classes are 0 to {len(own) - 1}"
            hint = "labels are positions in the class names of their column, from 0"
            raise SchemaError(msg, where=Where(column=name), hint=hint)


def _check_pair_ids(dataset: datasets.Dataset, order: Vocabulary) -> None:
    """Check that recoded labels agree with ids: a column that was cast has other names for the same codes."""
    names = ("pair_id", *(f"image_{i}_{what}" for i in (1, 2) for what in ("label", "index")))
    if not set(names) <= set(dataset.column_names):
        return
    table = arrow_columns(dataset, names)
    differs = pc.not_equal(pc.utf8_lower(pair_ids(table, order)), pc.utf8_lower(table["pair_id"]))
    row = pc.index(differs, value=True).as_py()
    if row >= 0:
        msg = f"the labels of the row are not those of its pair, {table['pair_id'][row].as_py()}"
        hint = "a label column got other class names; to reorder classes, use hmix_hub.align_labels"
        raise SchemaError(msg, where=Where(row=row, column="pair_id"), hint=hint)


def _check_lengths(dataset: datasets.Dataset, order: Vocabulary) -> None:
    for name in distributions_among(dataset.column_names):
        feature: Any = dataset.features[name]
        length = getattr(feature.feature if OVER_CLASSES[name].kind is Kind.DISTRIBUTIONS else feature, "length", -1)
        if length not in {-1, len(order)}:
            msg = f"{name} has {length} classes, but the labels have {len(order)}"
            raise SchemaError(msg, where=Where(column=name), hint=_HINT)


def _check_distributions(dataset: datasets.Dataset, order: Vocabulary, *, must_follow: bool) -> None:
    """Check that distributions have the class order of the labels, as far as possible.

    Soft labels must follow from the answers even if the dataset records its class order, if columns have been changed
    since (`must_follow`).
    """
    if not distributions_among(dataset.column_names) or not len(dataset):
        return
    _check_lengths(dataset, order)
    said = class_orders(dataset.info)
    has_answers = {*_ANSWERS, _STORED} <= set(dataset.column_names)
    if said == {order.names} and not (must_follow and has_answers):
        return
    if has_answers:
        is_right = _follow(dataset, len(order))
    else:
        # The rows do not show it, but few studies have CIFAR-10's classes in another than the usual order.
        is_another = order != CIFAR10 and {n.lower() for n in order.names} == set(CIFAR10.names)
        is_right = not said and not is_another
    if not is_right:
        msg = f"the soft labels may have another class order than the labels, which is {', '.join(order.names)}"
        raise SchemaError(msg, where=Where(column=distributions_among(dataset.column_names)[0]), hint=_HINT)


def _follow(dataset: datasets.Dataset, n_classes: int) -> bool:
    """Whether the soft labels of each study follow from its answers, by one of the procedures."""
    names = [name for name in (*_ANSWERS, _STORED, "study_id") if name in dataset.column_names]
    table = arrow_columns(dataset, names)
    if table["top_class"].null_count:
        return False
    studies, known = encode(table["study_id"]) if "study_id" in names else (np.zeros(len(dataset), dtype=np.int64), [0])
    blocks = [(studies[n : n + _AT_ONCE], table.slice(n, _AT_ONCE)) for n in range(0, table.num_rows, _AT_ONCE)]
    offered = np.zeros((len(known), n_classes), dtype=bool)
    for own, block in blocks:
        has_some = matrix(block[_STORED]) > 0
        for study in np.unique(own):
            offered[study] |= has_some[own == study].any(axis=0)
    fits = np.ones((len(PROCEDURES), len(known)), dtype=bool)
    for own, block in blocks:
        answers, stored = categorical_answers(block, n_classes), matrix(block[_STORED])
        # A class that a study did not offer is ruled out, since `join` adds classes to studies.
        named = np.zeros_like(answers.impossible)
        rows, second = np.arange(len(named)), answers.second_class >= 0
        named[rows, answers.top_class] = True
        named[rows[second], answers.second_class[second]] = True
        answers = replace(answers, impossible=answers.impossible | ~(offered[own] | named))
        for number, procedure in enumerate(PROCEDURES):
            fits[number, own[~_equal(answers, stored, procedure)]] = False
    return bool(fits.any(axis=0).all())


def _equal(answers: Answers, stored: npt.NDArray[np.float64], procedure: str) -> npt.NDArray[np.bool_]:
    try:
        return np.all(np.isclose(compute(answers, procedure), stored), axis=1)
    except SchemaError:
        # An answer for which this procedure has no label.
        return np.zeros(len(stored), dtype=bool)
