"""Exports of CIFAR-10S: the form of H-Mix' categorical task, by the same authors, over single pictures.

Source: Collins, Bhatt, Weller, *Eliciting and Learning with Soft Labels from Every Annotator*, HCOMP 2022
(`cambridge-mlg/cifar-10s`, `raw_human_data.csv` and `process_data.ipynb`).
"""

from __future__ import annotations

import json
import re

import pyarrow as pa

from hmix_hub.errors import SchemaError, Where

IMAGE_SET = "cifar10/test"
PROCEDURE_NOTE = (
    "single pictures, as in CIFAR-10S: for its published soft labels, write `procedure: cifar10s` in study.yaml"
)
OF_MIXTURES = ("label2", "id2", "filename")
"""Columns of schema 1.0.0 that a table of single pictures lacks; its file names have a form of their own."""
_COLUMNS = {"label": "label1", "img_id": "id1"}
_FILE = re.compile(r"cifar10_(?:train|test)_(?P<index>\d+)_(?P<label>\w+)\.png")
"""The parts are the authors' own: both are of CIFAR-10's test set, in which img_id counts."""
_CORRECTED = {"0": "100", "8p": "80"}
"""Probabilities of the top class as the authors read them: nobody means 0, and one participant typed 8p."""


def are_single_pictures(raw: pa.Table) -> bool:
    """Whether an export of the categorical task shows single pictures: it has label and img_id, and no label1."""
    return "label1" not in raw.column_names and set(raw.column_names) >= {*_COLUMNS, "response"}


def as_mixtures(raw: pa.Table) -> tuple[pa.Table, list[str]]:
    """Return the rows with the columns of H-Mix, and what the authors correct in them.

    Parameters
    ----------
    raw
        Rows of judgments, all columns text.

    Returns
    -------
    pyarrow.Table
        label1, id1 and mixtureCoeff, which is 1; the probability of the top class as the authors read it.
    list of str
        For each corrected answer, the correction in words.
    """
    answers, corrections = [], []
    for text in raw["response"].to_pylist():
        answer = _answer(text)
        typed = answer.get("prob")
        corrected = _CORRECTED.get(typed) if isinstance(typed, str) else None
        if corrected is not None:
            corrections.append(f"{typed!r} as {corrected}")
        answers.append(text if corrected is None else json.dumps(answer | {"prob": corrected}))
    place = raw.column_names.index("response")
    table = raw.set_column(place, "response", pa.array(answers, pa.string())).rename_columns(
        [_COLUMNS.get(name, name) for name in raw.column_names]
    )
    return table.append_column("mixtureCoeff", pa.array(["1"] * raw.num_rows)), corrections


def _answer(text: str) -> dict[str, object]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        # Told with its row where all answers are read.
        return {}
    return answer if isinstance(answer, dict) else {}


def check_file_names(raw: pa.Table) -> None:
    """Check that the file name of each row, where there is one, names the picture that its label and img_id name.

    Raises
    ------
    SchemaError
        At the first that does not.
    """
    if "filename" not in raw.column_names:
        return
    columns = [raw[name].to_pylist() for name in ("filename", *_COLUMNS)]
    for row, (file, label, index) in enumerate(zip(*columns, strict=True)):
        found = _FILE.fullmatch(file)
        if found is None or (found["index"], found["label"].lower()) != (index.removesuffix(".0"), label.lower()):
            msg = f"{file!r} contradicts the row's label {label!r} and img_id {index!r}"
            hint = "a picture is called cifar10_<train or test>_<img_id>_<label>.png; use --map where it is not"
            raise SchemaError(msg, where=Where(row=row, column="filename"), hint=hint)
