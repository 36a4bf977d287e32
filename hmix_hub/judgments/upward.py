"""Migration 1.0.0 -> 2.0.0: from the released layout to the judgment table.

Rules of the released answers that stand here and nowhere else: the mixing slider runs from image 1 (0) to image 2
(100), so the inferred coefficient is `1 - x / 100`; the selected coefficient of construct is a float walk and is
rounded to tenths; a second probability without an alternative is dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hmix_hub.errors import SchemaError, Where
from hmix_hub.judgments.complete import complete
from hmix_hub.judgments.flags import Mask
from hmix_hub.judgments.pieces import encode
from hmix_hub.schema import (
    CATEGORICAL,
    CIFAR10,
    CONSTRUCT,
    INFER,
    JUDGMENT_TABLE,
    SELECT,
    SYNTHETIC_FLAG,
    Vocabulary,
    interface,
)
from hmix_hub.schema.questions import DEFAULT_PROCEDURE, Procedure
from hmix_hub.schema.released import ROW_NUMBER, SYNTHETIC_COLUMN

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Provenance:
    """What a 1.0.0 table leaves unsaid.

    Parameters
    ----------
    study_id
        Study that the judgments belong to.
    image_set
        Image set that its image ids count in.
    source_file
        File that the rows came from.
    collection_rounds
        Round of each row; `None`: all are of round "1".
    procedure
        The study's soft-label procedure; a 1.0.0 table holds answers, and no soft labels.
    is_synthetic
        Whether a program made all the answers; else the rows that the table itself marks have the flag `synthetic`.
    """

    study_id: str
    image_set: str = "cifar10/test"
    source_file: str = ""
    collection_rounds: Sequence[str] | None = None
    procedure: Procedure = DEFAULT_PROCEDURE
    is_synthetic: bool = False


def to_judgment_table(
    released: pa.Table, task: str, provenance: Provenance, vocabulary: Vocabulary = CIFAR10
) -> pa.Table:
    """Turn a table of schema 1.0.0 into one of schema 2.0.0.

    Parameters
    ----------
    released
        N rows with the columns `hmix_hub.schema.columns(task, "1.0.0")`; and `synthetic`, where a program made answers.
    task
        Name of the task.
    provenance
        What the table leaves unsaid.
    vocabulary
        Class names that its labels are spelt in, whatever their case.

    Raises
    ------
    SchemaError
        At the first answer, class or pair that cannot be read, with its row.
    """
    import pyarrow as pa

    n = released.num_rows
    rounds = ["1"] * n if provenance.collection_rounds is None else list(provenance.collection_rounds)
    table = pa.table(
        {
            "participant_id": released["subject"],
            "collection_round": pa.array(rounds, pa.string()),
            "condition": _whole(released["condition"], "condition"),
            "trial_index": _whole(released["trial_index"], "trial_index"),
            "is_repeat": _is_repeat(released["task"]),
            "response_time_ms": released["rt"],
            "image_set": pa.repeat(pa.scalar(provenance.image_set), n),
            **_pictures(released, vocabulary),
            "source_file": pa.repeat(pa.scalar(provenance.source_file), n),
            "source_row": released[ROW_NUMBER],
        }
    )
    answers = _READERS[task](released, vocabulary)
    for name, column in answers.columns.items():
        table = table.append_column(name, column)
    table = complete(
        table,
        task,
        study_id=provenance.study_id,
        vocabulary=vocabulary,
        observed_flags=answers.flags | _marked(released),
        is_synthetic=provenance.is_synthetic,
        version=JUDGMENT_TABLE,
        procedure=provenance.procedure,
    )
    _check_names(released, table)
    return table


@dataclass(frozen=True)
class _Answers:
    columns: dict[str, pa.Array]
    flags: dict[str, Mask]


def _marked(released: pa.Table) -> dict[str, Mask]:
    """Return the rows that a table of schema 1.0.0 marks as made by a program."""
    if SYNTHETIC_COLUMN.name not in released.column_names:
        return {}
    return {SYNTHETIC_FLAG: released[SYNTHETIC_COLUMN.name].fill_null(False).to_numpy().astype(bool)}


def _is_repeat(tasks: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.starts_with(tasks, interface.REPEAT_PREFIX)


def _pictures(released: pa.Table, vocabulary: Vocabulary) -> dict[str, pa.Array]:
    if "label1" in released.column_names:
        parts = {name: released[name] for name in ("label1", "id1", "label2", "id2")}
    else:
        parts = _split_pairs(released["class_pair"], vocabulary)
    return {
        "image_1_label": _labels(parts["label1"], vocabulary),
        "image_1_index": _whole(parts["id1"], "id1"),
        "image_2_label": _labels(parts["label2"], vocabulary),
        "image_2_index": _whole(parts["id2"], "id2"),
    }


def _split_pairs(pairs: pa.ChunkedArray, vocabulary: Vocabulary) -> dict[str, pa.ChunkedArray]:
    """Split pair ids; by the class names, since these may hold underscores and digits themselves."""
    import pyarrow.compute as pc

    label = "|".join(re.escape(name) for name in sorted(vocabulary.names, key=len, reverse=True))
    pattern = rf"^(?i:(?P<label1>{label})_(?P<id1>\d+)_(?P<label2>{label})_(?P<id2>\d+))$"
    parts = pc.extract_regex(pairs, pattern)
    classes = ", ".join(vocabulary.names)
    _refuse_first(pc.is_null(parts), pairs, "class_pair", f"is no pair <Label1>_<id1>_<Label2>_<id2> of {classes}")
    return {name: pc.struct_field(parts, name) for name in ("label1", "id1", "label2", "id2")}


def _labels(names: pa.ChunkedArray, vocabulary: Vocabulary) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(pc.utf8_lower(names), pa.array([name.lower() for name in vocabulary.names]))
    _refuse_first(pc.is_null(found), names, "label", f"is none of the classes {', '.join(vocabulary.names)}")
    return found.cast(pa.int64())


def _whole(numbers: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """Give numbers as int32; 1.0.0 writes the picture ids as floats."""
    import pyarrow as pa

    floats = numbers.cast(pa.float64())
    values = floats.fill_null(0).to_numpy()
    bad = (values != np.floor(values)) | (np.abs(values) > np.iinfo(np.int32).max)
    _refuse_first(bad, numbers, column, "is no whole number of 32 bits")
    return floats.cast(pa.int32())


def _refuse_first(bad: pa.ChunkedArray, values: pa.ChunkedArray, column: str, complaint: str) -> None:
    rows = np.flatnonzero(bad.to_numpy(zero_copy_only=False) if hasattr(bad, "type") else bad)
    if len(rows):
        row = int(rows[0])
        msg = f"{values[row].as_py()!r} {complaint}"
        raise SchemaError(msg, where=Where(row=row, column=column), hint=_LAYOUT_HINT)


_LAYOUT_HINT = "the table is not in the released layout, schema 1.0.0"
_MOST_SHOWN = 80


def _shortened(text: str) -> str:
    return repr(text) if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]!r}..."


def _check_names(released: pa.Table, table: pa.Table) -> None:
    """Check that the names of the pair and the picture say what the row's other columns say."""
    import pyarrow.compute as pc

    for column, identifier in (("class_pair", "pair_id"), ("filename", "stimulus_id")):
        if column in released.column_names and identifier in table.column_names:
            names = pc.replace_substring_regex(released[column], re.escape(interface.PICTURE_SUFFIX) + "$", "")
            complaint = "contradicts the row's coefficient, labels or ids"
            differs = pc.not_equal(pc.utf8_lower(names), pc.utf8_lower(table[identifier]))
            _refuse_first(differs, released[column], column, complaint)


def _parsed(released: pa.Table, name: str, parse: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """Parse each JSON answer of a column; each distinct text is parsed once."""
    column = released[name]
    codes, texts = encode(column)
    values = []
    for position, text in enumerate(texts.to_pylist()):
        try:
            values.append(parse(json.loads(text)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            row = int(np.flatnonzero(codes == position)[0])
            msg = f"the answer {_shortened(text)} cannot be read: {type(error).__name__}: {error}"
            raise SchemaError(msg, where=Where(row=row, column=name), hint=_LAYOUT_HINT) from None
    if column.null_count:
        row = int(np.flatnonzero(codes < 0)[0])
        msg = "the answer is missing"
        raise SchemaError(msg, where=Where(row=row, column=name), hint=_LAYOUT_HINT)
    return [values[code] for code in codes.tolist()]


def _percentage(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= interface.FULL_SCALE:
        msg = f"{value!r} is no number from 0 to {interface.FULL_SCALE}"
        raise ValueError(msg)
    return value


def _typed_percentage(text: str) -> float:
    return _percentage(float(text)) / interface.FULL_SCALE


def _construct(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    import pyarrow as pa

    walk = released["final_value"].to_numpy()
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    selected = np.round(walk, 1) + 0.0
    bad = ~((selected >= 0) & (selected <= 1))
    _refuse_first(bad, released["final_value"], "final_value", "is not from 0 to 1")
    return _Answers({"start_coefficient": released["start_value"], "selected_coefficient": pa.array(selected)}, {})


def _select(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    import pyarrow as pa

    def parse(answer: dict[str, Any]) -> float:
        value = float(answer["select"].removeprefix(interface.SELECT_PREFIX))
        _percentage(value * interface.FULL_SCALE)
        return value

    return _Answers({"selected_coefficient": pa.array(_parsed(released, "response", parse), pa.float64())}, {})


def _infer(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    import pyarrow as pa

    def parse(answer: dict[str, Any]) -> tuple[float, float | None]:
        slider, confidence = _percentage(answer["mixingcoeff"]), answer["confidence"]
        return (
            1 - slider / interface.FULL_SCALE,
            None if confidence is None else _percentage(confidence) / interface.FULL_SCALE,
        )

    parsed = _parsed(released, "responses", parse)
    inferred, confidence = ([answer[i] for answer in parsed] for i in range(2))
    return _Answers(
        {
            "mixing_coefficient": released["mixtureCoeff"],
            "inferred_coefficient": pa.array(inferred, pa.float64()),
            "confidence": pa.array(confidence, pa.float64()),
        },
        {},
    )


def _categorical(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    import pyarrow as pa

    def parse(answer: dict[str, Any]) -> tuple[int, float, int | None, float | None, list[int], bool]:
        second = answer["classSelect2"].removeprefix(interface.SECOND_PREFIX)
        has_alternative = second != interface.NO_ALTERNATIVE
        typed = answer["prob2"]
        impossible = [
            vocabulary.code(key.removeprefix(interface.IMPOSSIBLE_PREFIX))
            for key in answer
            if key.startswith(interface.IMPOSSIBLE_PREFIX)
        ]
        return (
            vocabulary.code(answer["classSelect"].removeprefix(interface.TOP_PREFIX)),
            _typed_percentage(answer["prob"]),
            vocabulary.code(second) if has_alternative else None,
            _typed_percentage(typed) if has_alternative and typed else None,
            impossible,
            bool(typed) and not has_alternative,
        )

    parsed = _parsed(released, "response", parse)
    top, top_probability, second, second_probability, impossible, ignored = (
        [answer[i] for answer in parsed] for i in range(6)
    )
    return _Answers(
        {
            "mixing_coefficient": released["mixtureCoeff"],
            "top_class": pa.array(top, pa.int64()),
            "top_probability": pa.array(top_probability, pa.float64()),
            "second_class": pa.array(second, pa.int64()),
            "second_probability": pa.array(second_probability, pa.float64()),
            "impossible_classes": pa.array(impossible, pa.list_(pa.int64())),
        },
        {"ignored_probability": np.array(ignored, dtype=bool)},
    )


def ignored_probabilities(released: pa.Table) -> list[float | None]:
    """Give the second probability, 0 to 1, of each answer that names no alternative and gives one all the same.

    Parameters
    ----------
    released
        N rows of categorical_soft_labels in schema 1.0.0.

    Returns
    -------
    list
        N values; `None` where nothing is ignored.

    Raises
    ------
    SchemaError
        At the first answer that cannot be read.
    """

    def parse(answer: dict[str, Any]) -> float | None:
        has_alternative = answer["classSelect2"].removeprefix(interface.SECOND_PREFIX) != interface.NO_ALTERNATIVE
        return None if has_alternative or not answer["prob2"] else _typed_percentage(answer["prob2"])

    return _parsed(released, "response", parse)


_READERS: dict[str, Callable[[pa.Table, Vocabulary], _Answers]] = {
    CONSTRUCT: _construct,
    SELECT: _select,
    INFER: _infer,
    CATEGORICAL: _categorical,
}
