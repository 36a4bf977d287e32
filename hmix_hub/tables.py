"""Tables under datasets: Arrow columns of a dataset, and a dataset of an Arrow table."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.errors import ConfigurationError, SchemaError, SchemaVersionError, nearest
from hmix_hub.schema import RELEASED, Column, Vocabulary, check_version, features
from hmix_hub.schema.arrays import Ints, encode, take
from hmix_hub.tasks import TASKS, check_task, distributions_among, soft_label_column

if TYPE_CHECKING:
    import datasets


def check_dataset_type(dataset: object) -> datasets.Dataset:
    """Check that a value is a `datasets.Dataset`, and its first row not of another schema version.

    If a dataset can be obtained from the value, the hint of the error says how.
    """
    from datasets import Dataset

    if isinstance(dataset, Dataset):
        if "schema_version" in dataset.column_names:
            # Only one row of its table: checking all would take longer than using them.
            _check_versions(dataset.data.column("schema_version").slice(0, 1).to_pylist())
        return dataset
    msg = f"this requires a datasets.Dataset, not {type(dataset).__name__}"
    hints = {
        "DatasetDict": 'choose a split, dataset["train"]; or load with split="train"',
        "IterableDataset": "load without streaming=True",
        "IterableDatasetDict": 'load without streaming=True, with split="train"',
    }
    raise ConfigurationError(msg, hint=hints.get(type(dataset).__name__, "load one with hmix_hub.load_dataset"))


def arrow_columns(dataset: datasets.Dataset, names: Sequence[str]) -> pa.Table:
    """Return columns of a dataset as an Arrow table of its N rows, without a copy if no rows were selected.

    `with_format("arrow")[:]` would convert the indices of selected rows to a list.
    """
    rows = None if _is_whole(dataset) else _picked_rows(dataset)
    if rows is None and not _is_whole(dataset):
        return dataset.select_columns(list(names)).with_format("arrow")[:]
    table = dataset.data.table.select(names)
    if rows is None:
        return table
    if _is_run(rows):
        return table.slice(rows[0], len(rows))
    schema = table.schema
    return pa.table([take(column, rows) for column in table.columns], schema=schema)


class CodedTexts(NamedTuple):
    """Texts of N rows: their codes, -1 where null, and the values of these, in order of first appearance."""

    codes: npt.NDArray[np.int32] | Ints
    values: list[str]

    def pick(self, rows: Ints) -> CodedTexts:
        """Return the texts of rows, int64 (M,)."""
        codes, unknown = self.codes[rows], len(self.values)
        first = np.full(unknown + 1, len(codes))
        # Written from the last row to the first, so that the first remains; nulls are written after the values.
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
        occurring = np.flatnonzero(first[:unknown] < len(codes))
        order = occurring[np.argsort(first[occurring])]
        new = np.full(unknown + 1, -1)
        new[order] = np.arange(len(order))
        return CodedTexts(new[codes], [self.values[value] for value in order.tolist()])


_MOST_TIMES = 4
"""Maximum ratio of a table's rows to selected rows for encoding the whole table; beyond, it would take longer."""
_MOST_CODES = 1 << 24
"""Maximum rows of a table whose codes are kept: 64 MiB per column."""
_CODES: dict[int, tuple[weakref.ref[pa.Table], dict[str, CodedTexts]]] = {}
"""Encoded columns of the tables in use, by their ids in this process."""


def coded_texts(dataset: datasets.Dataset, names: Iterable[str]) -> dict[str, CodedTexts]:
    """Return the text columns among columns, encoded once while their table exists.

    Empty if the table is too large, or few of its rows were selected.
    """
    rows, table = None if _is_whole(dataset) else _picked_rows(dataset), dataset.data.table
    is_found = rows is not None or _is_whole(dataset)
    if not is_found or table.num_rows > min(_MOST_CODES, _MOST_TIMES * len(dataset)):
        return {}
    key = id(table)
    if key not in _CODES:
        _CODES[key] = weakref.ref(table, lambda _: _CODES.pop(key, None)), {}
    known = _CODES[key][1]
    texts = [name for name in names if pa.types.is_string(table.schema.field(name).type)]
    for name in texts:
        if name not in known:
            codes, values = encode(table.column(name))
            known[name] = CodedTexts(codes.astype(np.int32), values.to_pylist())
    return {name: known[name] if rows is None else known[name].pick(rows) for name in texts}


def named_columns(dataset: datasets.Dataset, columns: str | Sequence[str]) -> list[str]:
    """Return the names of requested columns, each once, after checking that the dataset has them."""
    names = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    for name in names:
        if name not in dataset.column_names:
            msg = f"the dataset has no column {name!r}"
            made = soft_label_column(dataset.column_names) if name == "soft_label" else None
            hint = f"hmix_hub.soft_labels(dataset) computes it from {made}" if made else None
            raise ConfigurationError(msg, hint=hint or nearest(name, dataset.column_names, label="columns"))
    return names


def unique_values(dataset: datasets.Dataset, name: str) -> list[Any]:
    """Return the distinct values of a column; `Dataset.unique` would write a cache file of selected rows."""
    return arrow_columns(dataset, [name])[name].unique().to_pylist()


def pick_rows(dataset: datasets.Dataset, rows: npt.NDArray[np.int64]) -> datasets.Dataset:
    """Return rows of a dataset by index, int64 (M,), over the same table, without writing a file.

    `Dataset.select` converts the indices to a list, which for a million rows takes most of a filter's time.
    """
    from datasets import Dataset

    if _is_run(rows):
        return dataset.select(range(rows[0], rows[-1] + 1))
    picked = None if _is_whole(dataset) else _picked_rows(dataset)
    if not len(rows) or not _is_plain(dataset) or not (_is_whole(dataset) or picked is not None):
        return dataset.select(rows)
    digest = hashlib.sha256(dataset._fingerprint.encode() + rows.tobytes()).hexdigest()
    of_table = rows if picked is None else picked[rows]
    indices = pa.table({"indices": pa.array(of_table).cast(pa.uint64())})
    return Dataset(dataset.data, info=dataset.info, split=dataset.split, indices_table=indices, fingerprint=digest[:16])


def _is_whole(dataset: datasets.Dataset) -> bool:
    """Whether a dataset's rows are exactly those of its table; no, if `datasets` does not reveal it."""
    return getattr(dataset, "_indices", dataset) is None


def _picked_rows(dataset: datasets.Dataset) -> npt.NDArray[np.int64] | None:
    """Return the rows of its table that a dataset has; `None` if `datasets` does not reveal it."""
    try:
        return dataset._indices.column("indices").to_numpy().astype(np.uint64, copy=False).view(np.int64)
    except (AttributeError, KeyError):
        return None


def _is_run(rows: npt.NDArray[np.int64]) -> bool:
    """Whether rows are consecutive in their table, and there is at least one."""
    return len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1 and bool((rows[1:] > rows[:-1]).all())


def _is_plain(dataset: datasets.Dataset) -> bool:
    """Whether a dataset consists only of rows of its table: no format, no search index."""
    return (
        hasattr(dataset, "_fingerprint")
        and dataset.format["type"] is None
        and dataset.format["columns"] == dataset.column_names
        and not dataset.list_indexes()
    )


def dataset_of(table: pa.Table, columns: Sequence[Column], vocabulary: Vocabulary) -> datasets.Dataset:
    """Return an Arrow table as a dataset with the features of its columns, in memory."""
    from datasets import Dataset, DatasetInfo

    info = DatasetInfo(features=features(columns, vocabulary))
    set_class_order(info, vocabulary)
    # Cast here, since Dataset's own cast fails on an empty table.
    return Dataset(table.cast(info.features.arrow_schema), info=info)


def dataset_in_file(
    batches: Iterable[pa.RecordBatch], columns: Sequence[Column], vocabulary: Vocabulary
) -> datasets.Dataset:
    """Return rows as a dataset over a mapped file, which is deleted with the process."""
    from datasets import Dataset, DatasetInfo
    from datasets.fingerprint import get_temporary_cache_files_directory

    info = DatasetInfo(features=features(columns, vocabulary))
    set_class_order(info, vocabulary)
    schema = info.features.arrow_schema
    handle, path = tempfile.mkstemp(suffix=".arrow", dir=get_temporary_cache_files_directory())
    with os.fdopen(handle, "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))
    return Dataset.from_file(path, info=info)


# Within the JSON of another sentence, quotes are escaped, so this does not match there.
_TEXTS = r'(\[(?:"(?:[^"\\]|\\.)*"(?:, )?)+\])\.'
_CLASS_ORDER = re.compile(f"Distributions count the classes {_TEXTS}")


def set_class_order(info: datasets.DatasetInfo, vocabulary: Vocabulary) -> None:
    """Write the class order of distributions to a dataset's description, since their type has no names."""
    if not distributions_among(info.features or ()):
        return
    said = f"Distributions count the classes {json.dumps(vocabulary.names)}."
    info.description = f"{_CLASS_ORDER.sub('', info.description or '').strip()} {said}".strip()


def class_orders(info: datasets.DatasetInfo) -> set[tuple[str, ...]]:
    """Return the class orders in a dataset's description: several if descriptions were joined, none if lost."""
    return {tuple(json.loads(names)) for names in _CLASS_ORDER.findall(info.description or "")}


_PICTURES = re.compile(f"Pictures of {_TEXTS}")


def picture_places(info: datasets.DatasetInfo) -> list[tuple[str, ...]]:
    """Return the locations of studies' own pictures from a dataset's description.

    Each location is the name of the image set, the study's folder or repository, and the commit of the latter.
    """
    return [tuple(json.loads(place)) for place in _PICTURES.findall(info.description or "")]


def add_picture_places(info: datasets.DatasetInfo, places: Iterable[tuple[str, ...]]) -> None:
    """Write the locations of studies' own pictures to a dataset's description, so that any process can find them."""
    new = [place for place in dict.fromkeys(places) if place not in picture_places(info)]
    said = [f"Pictures of {json.dumps(place)}." for place in new]
    info.description = " ".join([*filter(None, [info.description]), *said])


def map_tables(
    stream: datasets.IterableDataset, function: Callable[[pa.Table], pa.Table], features: datasets.Features
) -> datasets.IterableDataset:
    """Return a stream with a function applied to its pieces as Arrow tables, keeping its format.

    Parameters
    ----------
    stream
        Any stream.
    function
        Function from a piece to the columns of `features`; picklable, for the workers of a `DataLoader`.
    features
        Features of its results, whose Arrow schema must match exactly: otherwise `datasets` casts each row.
    """
    formatting = getattr(stream, "_formatting", None)
    mapped = stream.with_format("arrow").map(
        function,
        batched=True,
        features=features,
        remove_columns=[n for n in stream.column_names or () if n not in features],
    )
    return mapped.with_format(None if formatting is None else formatting.format_type)


def vocabularies_of(columns: datasets.Features) -> dict[str, Vocabulary]:
    """Return the class names of each label column, and of each column of label lists."""
    from datasets import ClassLabel

    labels = {name: getattr(feature, "feature", feature) for name, feature in columns.items()}
    return {n: Vocabulary(tuple(label.names)) for n, label in labels.items() if isinstance(label, ClassLabel)}


def vocabulary_of(dataset: datasets.Dataset) -> Vocabulary:
    """Return the class names of a dataset's image labels.

    Raises
    ------
    SchemaError
        If it has no column image_1_label with class names.
    """
    vocabulary = vocabularies_of(dataset.features).get("image_1_label")
    if vocabulary is None:
        msg = "the dataset has no column 'image_1_label' with class names, so it is not a judgment table"
        raise SchemaError(msg)
    return vocabulary


def task_of(dataset: datasets.Dataset) -> str:
    """Return the task of a dataset of judgments.

    Raises
    ------
    SchemaError
        If it is not a judgment table of schema 2, or holds several tasks.
    SchemaVersionError
        If its rows follow another version of the schema.
    """
    if "trial_type" in dataset.column_names:
        msg = "the dataset follows schema 1.0.0, the layout of the released files"
        raise SchemaVersionError(msg, hint="load it without schema_version, or migrate it first")
    names = set(dataset.column_names)
    _check_versions(unique_values(dataset, "schema_version") if "schema_version" in names else [])
    tasks = unique_values(dataset, "task") if "task" in names else []
    if len(tasks) > 1:
        msg = f"the dataset holds several tasks: {', '.join(tasks)}"
        raise SchemaError(msg, hint="load and process each task separately")
    fitting = tasks or [name for name, task in TASKS.items() if {c.name for c in task.in_version(task.since)} <= names]
    if "task" not in names and "n_judgments" in names:
        msg = "the dataset has a row per stimulus; this requires one row per judgment"
        raise SchemaError(msg, hint=f"load the judgments: one of the configurations {', '.join(TASKS)}")
    if not fitting or "task" not in names:
        msg = "the dataset is not a judgment table of schema 2: it lacks the column 'task', or the columns of any task"
        raise SchemaError(msg, hint=f"load one of the configurations {', '.join(TASKS)}")
    return check_task(fitting[0]).name


def _check_versions(versions: Iterable[str]) -> None:
    for version in versions:
        if check_version(version) == RELEASED:
            msg = f"the dataset holds rows of schema {version}"
            raise SchemaVersionError(msg, hint="migrate them first")
