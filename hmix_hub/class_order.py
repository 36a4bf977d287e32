"""Class order: all columns of a dataset that count classes count them in one order; `hmix_hub.align_labels`.

Labels carry their class names, so that columns in different orders are recoded to one. Distributions, such as soft
labels, carry none: `datasets.Dataset.align_labels_with_mapping` leaves them in the order that they were made in. Which
that is stands in the description of a dataset that this package made; where it does not, soft labels must follow from
the answers of their rows.
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
_ORDER_HINT = "an order names every class of every label column, and may name more"
_HINT = (
    "load the dataset again, and reorder all of its columns at once with hmix_hub.align_labels(dataset, classes); or "
    "say there, with soft_labels_in=, in which order its soft labels count; or remove them"
)
_AT_ONCE = 65_536
"""Rows whose soft labels are computed at a time."""


def in_one_order(dataset: datasets.Dataset) -> datasets.Dataset:
    """Return a dataset whose columns all count classes in the order of `image_1_label`, or of its first labels.

    Parameters
    ----------
    dataset
        Judgments or stimuli, any columns. Nothing is done to it where they agree, or no labels have names.

    Raises
    ------
    SchemaError
        If a label column names other classes, a label is none of its column's classes, or the soft labels may count in
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
    """Return a dataset that counts its classes in another order: labels, lists of labels and soft labels alike.

    `datasets.Dataset.align_labels_with_mapping` does so for one column of labels, and never for soft labels.

    Parameters
    ----------
    dataset
        Judgments or stimuli.
    classes
        Class names in the wanted order, such as a model's: all of the dataset's, whatever their case; more are classes
        without any probability.
    soft_labels_in
        Class names in the order that soft labels count in now. `None`: that of the labels, which is checked as far as
        the dataset tells.

    Returns
    -------
    datasets.Dataset
        The same rows; ids stay as they are.

    Raises
    ------
    ConfigurationError
        If a class stands twice, or one of the dataset's is not among them.
    SchemaError
        If the dataset has no labels with class names, or its soft labels may count in another order.

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
    """Check that an argument is a list of class names, each once."""
    names = () if isinstance(classes, str) or not isinstance(classes, Iterable) else tuple(classes)
    if not names or not all(isinstance(name, str) for name in names):
        msg = f"{argument} is a list of class names, not {classes!r}"
        raise ConfigurationError(msg, hint="dataset.features['image_1_label'].names are the dataset's")
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
    """Return a dataset some of whose columns count in another vocabulary than before; its other ones are not copied."""
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
        # The whole table first: to gather picked rows takes longer.
        for table in (dataset.data.table, None):
            column = (arrow_columns(dataset, [name]) if table is None else table)[name]
            ends = pc.min_max(pc.list_flatten(column) if is_list else column).as_py()
            if ends["min"] is None or (ends["min"] >= 0 and ends["max"] < len(own)):
                break
        else:
            bad = ends["min"] if ends["min"] < 0 else ends["max"]
            msg = f"{name} is {bad}, and its classes are 0 to {len(own) - 1}"
            hint = "labels are positions in their column's class names, from 0"
            raise SchemaError(msg, where=Where(column=name), hint=hint)


def _check_pair_ids(dataset: datasets.Dataset, order: Vocabulary) -> None:
    """Check that recoded labels say what ids spell: a column that was cast has other names for the same codes."""
    names = ("pair_id", *(f"image_{i}_{what}" for i in (1, 2) for what in ("label", "index")))
    if not set(names) <= set(dataset.column_names):
        return
    table = arrow_columns(dataset, names)
    differs = pc.not_equal(pc.utf8_lower(pair_ids(table, order)), pc.utf8_lower(table["pair_id"]))
    row = pc.index(differs, value=True).as_py()
    if row >= 0:
        msg = f"the labels of the row are not those of its pair, {table['pair_id'][row].as_py()}"
        hint = "a label column was given other class names; to reorder classes, use hmix_hub.align_labels"
        raise SchemaError(msg, where=Where(row=row, column="pair_id"), hint=hint)


def _check_lengths(dataset: datasets.Dataset, order: Vocabulary) -> None:
    for name in distributions_among(dataset.column_names):
        feature: Any = dataset.features[name]
        length = getattr(feature.feature if OVER_CLASSES[name].kind is Kind.DISTRIBUTIONS else feature, "length", -1)
        if length not in {-1, len(order)}:
            msg = f"{name} is over {length} classes, and the labels are over {len(order)}"
            raise SchemaError(msg, where=Where(column=name), hint=_HINT)


def _check_distributions(dataset: datasets.Dataset, order: Vocabulary, *, must_follow: bool) -> None:
    """Check that distributions count in the order of the labels, as far as the dataset tells.

    Soft labels must follow from the answers even where the dataset says which order it was made in, if some of its
    columns have been changed since (`must_follow`).
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
        # Nothing in the rows tells, but few studies count CIFAR-10's classes in another order than everybody.
        is_another = order != CIFAR10 and {n.lower() for n in order.names} == set(CIFAR10.names)
        is_right = not said and not is_another
    if not is_right:
        msg = f"the soft labels may be in another class order than the labels, which is {', '.join(order.names)}"
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
        # A class that a study did not offer is ruled out, as `join` adds classes to a study.
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
        # An answer from which this procedure makes no label at all.
        return np.zeros(len(stored), dtype=bool)
