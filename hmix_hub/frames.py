"""Data frames of pandas with class names, and features: `to_pandas`, `from_pandas` and `features`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from numbers import Integral
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa

from hmix_hub.class_order import check_classes, in_one_order
from hmix_hub.errors import ConfigurationError, SchemaError, Where, first_line
from hmix_hub.schema import CIFAR10, CURRENT, Column, Kind, Vocabulary, check_version
from hmix_hub.schema import features as features_of
from hmix_hub.schema.column import BY_CLASS_KINDS
from hmix_hub.schema.released import SYNTHETIC_COLUMN
from hmix_hub.sources.image_set import METHOD_MARK
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.tables import arrow_columns, check_dataset_type, named_columns, task_of, vocabularies_of
from hmix_hub.tasks import (
    CONFIGURATIONS,
    OVER_CLASSES,
    RELEASED_FORMS,
    TASKS,
    by_stimulus_columns,
    check_configuration,
    columns,
    distributions_among,
)


def to_pandas(dataset: datasets.Dataset, columns: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Return a dataset as a data frame with class names.

    In contrast, `Dataset.to_pandas` returns codes, and floats for integer columns with nulls.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows: any selection.
    columns
        Columns, in this order; "core": the essential ones, as shown by `hmix load`; `None`: all.

    Returns
    -------
    pandas.DataFrame
        N rows. Labels are categoricals over all K class names, lists of labels are lists of names; integers and
        booleans have pandas' nullable types; other numbers are float64 with NaN for null.

    Raises
    ------
    ConfigurationError
        If there is no such column.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> hmix_hub.to_pandas(ds, ["image_1_label", "inferred_coefficient"]).round(2).head(2)
      image_1_label  inferred_coefficient
    0      airplane                  0.29
    1          deer                  0.44
    """
    check_dataset_type(dataset)
    names = _choose(dataset, columns)
    if distributions_among(names):
        # Labels become names, distributions stay numbers.
        in_one_order(dataset)
    nullable = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    frame = arrow_columns(dataset, names).to_pandas(types_mapper=nullable.get)
    for name, vocabulary in vocabularies_of(dataset.features).items():
        if name not in frame:
            continue
        if isinstance(frame[name].dtype, pd.Int64Dtype):
            codes = frame[name].fillna(-1).to_numpy(dtype=np.int64)
            frame[name] = pd.Categorical.from_codes(codes, categories=pd.Index(vocabulary.names))
        else:
            frame[name] = [None if row is None else [vocabulary.names[code] for code in row] for row in frame[name]]
    return frame[names]


def _choose(dataset: datasets.Dataset, columns: str | Sequence[str] | None) -> list[str]:
    known = dataset.column_names
    if columns is None:
        return list(known)
    if columns == "core":
        by_stimulus = "n_judgments" in known
        cores = [c.core for c in CONFIGURATIONS.values() if c.by_stimulus == by_stimulus]
        fitting = next((core for core in cores if set(core) <= set(known)), None)
        return list(fitting or CONFIGURATIONS[task_of(dataset)].core)
    return named_columns(dataset, columns)


def from_pandas(frame: pd.DataFrame, classes: Sequence[str] | None = None) -> datasets.Dataset:
    """Return a data frame as a dataset with the column types of the judgment table.

    The inverse of `to_pandas`, and for files read with pandas: rows may have been dropped, and columns dropped, added
    or moved.

    Parameters
    ----------
    frame
        N rows. Labels are class names or codes, lists are lists, arrays or JSON text; missing values are null. Columns
        unknown to the schema keep their type; the index is dropped.
    classes
        Class names in the order of their codes. `None`: the categories of the label columns; or CIFAR-10's classes, if
        all rows are about CIFAR-10 or the sample study.

    Returns
    -------
    datasets.Dataset
        In memory, with features as from `hmix_hub.load_dataset`.

    Raises
    ------
    ConfigurationError
        If it is not a data frame, or its class names are unknown.
    SchemaError
        If a value does not fit its column.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> frame = hmix_hub.to_pandas(ds)
    >>> hmix_hub.from_pandas(frame[frame["confidence"] > 0.5]).features == ds.features
    True
    """
    is_frame = isinstance(frame, pd.DataFrame)
    if is_frame:
        frame = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    if not is_frame or not frame.columns.is_unique:
        what = "two columns with the same name" if is_frame else f"a {type(frame).__name__}"
        msg = f"from_pandas requires a pandas.DataFrame with distinct column names, not {what}"
        raise ConfigurationError(msg, hint="hmix_hub.to_pandas(dataset) returns one")
    known = _known_columns(is_released="trial_type" in frame.columns)
    found = [known[name] for name in frame.columns if name in known]
    vocabulary = _vocabulary(frame, found, classes)
    arrays, features = {}, {}
    for name in frame.columns:
        if name in known:
            arrays[name] = _array(frame[name], known[name], vocabulary)
            features[name] = known[name].feature(vocabulary)
        else:
            try:
                arrays[name] = pa.Array.from_pandas(frame[name])
            except pa.ArrowException as error:
                msg = f"the values do not have one type that is valid in a dataset: {first_line(error)}"
                hint = "drop or convert the column first"
                raise SchemaError(msg, where=Where(column=name), hint=hint) from None
            features |= datasets.Features.from_arrow_schema(pa.schema([(name, arrays[name].type)]))
    info = datasets.DatasetInfo(features=datasets.Features(features))
    return datasets.Dataset(pa.table(arrays).cast(info.features.arrow_schema), info=info)


@cache
def _known_columns(*, is_released: bool) -> dict[str, Column]:
    """Return the columns of all tables by name; a name has one type in all tables of a layout."""
    if is_released:
        tables = [*(form.columns for form in RELEASED_FORMS.values()), (SYNTHETIC_COLUMN,)]
    else:
        tables = [*(columns(task) for task in TASKS), *(by_stimulus_columns(task, is_synthetic=True) for task in TASKS)]
    return {column.name: column for table in tables for column in table}


def _vocabulary(frame: pd.DataFrame, found: Sequence[Column], classes: Sequence[str] | None) -> Vocabulary:
    if classes is not None:
        return check_classes(classes, "classes")
    labels = [frame[column.name].dtype for column in found if column.kind is Kind.LABEL]
    categories = {tuple(dtype.categories) for dtype in labels if isinstance(dtype, pd.CategoricalDtype)}
    if len(categories) > 1:
        msg = "the label columns have different categories"
        raise ConfigurationError(msg, hint="give the class names in the order of their codes, classes=[...]")
    if categories:
        return Vocabulary(tuple(map(str, categories.pop())))
    names = {str(name).split(METHOD_MARK)[0] for name in frame["image_set"]} if "image_set" in frame.columns else {""}
    vocabularies = {IMAGE_SETS[name].vocabulary for name in names & IMAGE_SETS.keys()} or {CIFAR10}
    is_known = names <= IMAGE_SETS.keys() and len(vocabularies) == 1
    if not is_known and any(column.name in OVER_CLASSES for column in found):
        msg = "the classes of the labels in this data frame are unknown"
        raise ConfigurationError(msg, hint="give their names: classes=dataset.features['image_1_label'].names")
    return vocabularies.pop()


_ITEMS = {
    Kind.STRINGS: Kind.STRING,
    Kind.FLOATS: Kind.FLOAT64,
    Kind.LABELS: Kind.LABEL,
    Kind.COUNTS: Kind.INT64,
    Kind.DISTRIBUTION: Kind.FLOAT64,
    Kind.DISTRIBUTIONS: Kind.DISTRIBUTION,
}
"""Kind of the items of each kind of list."""
_WHOLE = {Kind.BOOL: (0, 1), Kind.INT32: (-(2**31), 2**31 - 1), Kind.INT64: (-(2**53), 2**53), Kind.LABEL: (0, 2**31)}
"""Minimum and maximum of integers of a kind."""


def _array(values: pd.Series[Any], column: Column, vocabulary: Vocabulary) -> pa.Array | pa.ChunkedArray:
    kind = column.arrow_type(vocabulary)
    try:
        array = pa.Array.from_pandas(values, type=kind)
    except (pa.ArrowException, TypeError, ValueError):
        array = pa.array(_converted(values, column, vocabulary), kind)
    if isinstance(array, pa.ChunkedArray) and column.kind is not Kind.STRING:
        # Texts stay as they are: more than 2 GiB do not fit in one chunk.
        array = array.combine_chunks()
    if column.kind in {Kind.LABEL, Kind.LABELS}:
        labels = array.flatten() if column.kind is Kind.LABELS else array
        codes = labels.fill_null(0).to_numpy(zero_copy_only=False)
        bad = codes[(codes < 0) | (codes >= len(vocabulary))]
        if len(bad):
            msg = f"{bad[0]} is not a code of one of the {len(vocabulary)} classes"
            raise SchemaError(msg, where=Where(column=column.name))
    return array


def _converted(values: pd.Series[Any], column: Column, vocabulary: Vocabulary) -> list[Any]:
    """Convert values one by one for Arrow, for columns that Arrow itself does not convert."""
    converted = []
    for row, value in enumerate(values):
        try:
            converted.append(_convert(value, column.kind, vocabulary))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            what = error.message if isinstance(error, SchemaError) else f"{value!r} is not of type {column.kind.value}"
            # Lists that pandas writes to CSV cannot be read back: long ones are truncated.
            of_lists = "write lists as JSON, like `hmix load -o`" if column.kind in _ITEMS else None
            hint = getattr(error, "hint", of_lists)
            raise SchemaError(what, where=Where(row=row, column=column.name), hint=hint) from None
    return converted


def _convert(value: Any, kind: Kind, vocabulary: Vocabulary) -> Any:
    if _is_missing(value):
        return None
    if kind in _ITEMS:
        items = _parse_list(value) if isinstance(value, str) else value
        converted = [_convert(item, _ITEMS[kind], vocabulary) for item in items]
        if kind in BY_CLASS_KINDS and len(converted) != len(vocabulary):
            msg = f"a distribution over {len(converted)} instead of {len(vocabulary)} classes"
            raise SchemaError(msg, hint="give the class names in the order of their codes, classes=[...]")
        return converted
    if kind is Kind.STRING:
        return str(value) if isinstance(value, Integral) else "".join(value)
    if kind is Kind.LABEL and isinstance(value, str):
        return vocabulary.code(value)
    number = float(value)
    if kind is Kind.FLOAT64:
        return number
    least, most = _WHOLE[kind]
    if not (number.is_integer() and least <= number <= most):
        raise ValueError
    return bool(number) if kind is Kind.BOOL else int(number)


def _parse_list(text: str) -> list[Any]:
    items = json.loads(text)
    if not isinstance(items, list):
        # Otherwise the letters of a text or the keys of an object would be used.
        raise TypeError
    return items


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def features(name: str | None = None, schema_version: str = CURRENT) -> datasets.Features:
    """Return the Hugging Face features of a configuration of "h-mix".

    For data frames that lost their types, use `hmix_hub.from_pandas(frame)`. These features restore them if a frame has
    exactly the columns of the configuration, and codes for labels: `Dataset.from_pandas(frame,
    features=hmix_hub.features(name), preserve_index=False)`.

    Parameters
    ----------
    name
        Configuration; `None`: "infer_mixing_factor".
    schema_version
        Version of the columns.

    Raises
    ------
    ConfigurationError, SchemaVersionError
        If there is no such configuration or version.

    Examples
    --------
    >>> import hmix_hub
    >>> hmix_hub.features("infer_mixing_factor")["inferred_coefficient"]
    Value('float64')
    """
    return features_of(check_configuration(name).columns(check_version(schema_version)))
