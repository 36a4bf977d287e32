"""Validation written in pandas: the rules of `hmix_hub.studies.validation`, as somebody who knows pandas writes them.

The file is read whole; text by pyarrow's parser, which is pandas' fastest, and numbers by its casts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hmix_hub.schema import CIFAR10, JUDGMENT_TABLE
from hmix_hub.tasks import INFER, observed_columns

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[Any]
Found = dict[tuple[str, str], tuple[int, tuple[int, ...]]]
"""What is found: code and column, to the number of places and the first rows; no rows where it is of all of them."""

MOST_ROWS = 100
_KNOWN = {column.name: column for column in observed_columns(INFER, JUDGMENT_TABLE)}
_OPTIONAL = ("is_repeat", "condition", "collection_round", "image_set", "source_file", "source_row")
_IDENTIFIERS = ("participant_id", "collection_round")
_LABELS = {name: code for code, name in enumerate(CIFAR10.names)}
_WHOLE = ("condition", "trial_index", "image_1_index", "image_2_index", "source_row")
_SHARES = ("mixing_coefficient", "inferred_coefficient", "confidence")
_AT_LEAST_0 = ("trial_index", "image_1_index", "image_2_index", "response_time_ms", "source_row")
_NULL_WORDS = ("na", "n/a", "nan", "null", "none", "nil", "undefined", "missing", "-", "--", "?")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_LONGEST = 32_768
_PERCENT = 100


class Findings:
    """Collector of what is found."""

    def __init__(self) -> None:
        self.found: Found = {}

    def tell(self, code: str, column: str, bad: Mask | pd.Series) -> None:
        """Report the rows where a mask is true; bool (N,)."""
        self.tell_rows(code, column, np.flatnonzero(bad).tolist())

    def tell_rows(self, code: str, column: str, rows: Sequence[int]) -> None:
        """Report rows."""
        if len(rows):
            count, before = self.found.get((code, column), (0, ()))
            self.found[code, column] = (count + len(rows), tuple(sorted([*before, *rows])[:MOST_ROWS]))

    def tell_all(self, code: str, column: str = "") -> None:
        """Report what is of the column, or of the file, as a whole."""
        self.found[code, column] = (1, ())


def read_frame(file: Path, findings: Findings) -> pd.DataFrame | None:
    """Read a judgment file, CSV as text; `None` where it cannot be."""
    if file.suffix == ".parquet":
        frame = pd.read_parquet(file, dtype_backend="pyarrow")
        _check_columns(list(frame.columns), findings)
        return frame
    content = file.read_bytes()
    if not _check_bytes(content, findings):
        return None
    _check_columns(content[: content.find(b"\n")].decode().split(","), findings)
    del content
    try:
        return pd.read_csv(file, dtype=str, keep_default_na=False, engine="pyarrow")
    except pd.errors.ParserError:
        findings.tell_all("HMX505")
        return None


def _check_bytes(content: bytes, findings: Findings) -> bool:
    before = len(findings.found)
    try:
        content.decode()
    except UnicodeDecodeError as error:
        findings.tell_rows("HMX500", "", [content.count(b"\n", 0, error.start) - 1])
    if len(content.translate(None, _CONTROLS)) < len(content):
        control = re.search(b"[" + re.escape(_CONTROLS) + b"]", content)
        findings.tell_rows("HMX502", "", [content.count(b"\n", 0, control.start()) - 1 if control else 0])
    if b"\r" in content and b"\n" not in content:
        findings.tell_all("HMX504")
    if b"," not in content[: content.find(b"\n")]:
        findings.tell_all("HMX503")
    is_good = len(findings.found) == before
    if content.startswith(b"\xef\xbb\xbf"):
        findings.tell_all("HMX501")
    return is_good


def _check_columns(names: list[str], findings: Findings) -> None:
    for name in names:
        if name not in _KNOWN and not re.fullmatch("x_[A-Za-z0-9_]{1,60}", name):
            is_untidy = name.strip().lower().replace(" ", "_").replace("-", "_") in _KNOWN
            findings.tell_all("HMX533" if is_untidy else "HMX531", name)
        if names.count(name) > 1:
            findings.tell_all("HMX532", name)
    for name in _KNOWN:
        if name not in names and name not in _OPTIONAL:
            findings.tell_all("HMX530", name)


def typed_frame(frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Check every value of N rows, and give them typed.

    Parameters
    ----------
    frame
        As read: all text, or typed.
    findings
        Gets the faults.

    Returns
    -------
    pandas.DataFrame
        Numbers as float64, NaN where missing or wrong; labels as int64, -1 so; truths as bool; text as it is. And
        `has_label`, `has_index`: whether the row has a second picture.
    """
    typed: dict[str, Any] = {}
    for name in frame.columns:
        column = frame[name]
        if name not in _KNOWN and not name.startswith("x_"):
            continue
        is_text = pd.api.types.is_string_dtype(column.dtype)
        present = (column != "").to_numpy(bool) if is_text else column.notna().to_numpy(bool)
        if is_text:
            column = column.fillna("")
        if name in _KNOWN and not _KNOWN[name].nullable and name not in _OPTIONAL:
            findings.tell("HMX540", name, ~present)
        if name.endswith("label"):
            typed[name] = _labels(column, name, findings)
        elif name == "is_repeat":
            typed[name] = _truths(column, findings) if is_text else column.to_numpy(bool)
        elif name in _WHOLE or name in _SHARES or name == "response_time_ms":
            typed[name] = _numbers(column, name, findings, is_text=is_text)
        else:
            typed[name] = _texts(column, name, findings)
        if name in {"image_2_label", "image_2_index"}:
            typed[f"has_{name.rpartition('_')[2]}"] = present
    return pd.DataFrame(typed)


def _cleaned(text: pd.Series, name: str, findings: Findings) -> pd.Series:
    trimmed = text.str.strip()
    findings.tell("HMX546", name, trimmed != text)
    is_word = trimmed.str.lower().isin(_NULL_WORDS)
    findings.tell("HMX545", name, is_word)
    return trimmed.mask(is_word, "")


def _labels(text: pd.Series, name: str, findings: Findings) -> Values:
    # Each of the few names is looked up once.
    codes, names = text.factorize()
    known = np.array([_LABELS.get(label.lower(), -1) for label in names], dtype=np.int64)
    if ((known < 0) & (np.asarray(names) != "")).any():
        clean = _cleaned(text, name, findings)
        codes, names = clean.factorize()
        known = np.array([_LABELS.get(label.lower(), -1) for label in names], dtype=np.int64)
        findings.tell("HMX560", name, (known[codes] < 0) & (clean != "").to_numpy(bool))
    return np.asarray(known[codes])


def _truths(text: pd.Series, findings: Findings) -> Values:
    codes, words = text.factorize()
    truths = {"true": True, "false": False, "1": True, "0": False, "": False}
    known = np.array([truths.get(word.lower()) for word in words], dtype=object)[codes]
    findings.tell("HMX541", "is_repeat", pd.isna(known))
    return known == True  # noqa: E712 - an array of objects


def _numbers(column: pd.Series, name: str, findings: Findings, *, is_text: bool) -> Values:
    values = _parsed(column, name, findings) if is_text else column.to_numpy(np.float64, na_value=np.nan)
    if name in _WHOLE:
        bad = ~np.isnan(values) & ((values != np.floor(values)) | (np.abs(values) > 2**31 - 1))
        findings.tell("HMX541", name, bad)
        values = np.where(bad, np.nan, values)
    if name in _SHARES:
        bad = (values < 0) | (values > 1)
        is_percent = bad.sum() > max(((values > 0) & (values <= 1)).sum(), 1)
        is_percent = is_percent and not ((values < 0) | (values > _PERCENT)).any()
        findings.tell("HMX543" if is_percent else "HMX542", name, bad)
    elif name in _AT_LEAST_0:
        bad = values < 0
        findings.tell("HMX542", name, bad)
    else:
        return values
    return np.where(bad, np.nan, values) if bad.any() else values


def _parsed(text: pd.Series, name: str, findings: Findings) -> Values:
    try:
        values = text.mask(text == "", None).astype("float64[pyarrow]").to_numpy(np.float64, na_value=np.nan)
        if not np.isinf(values).any() and np.isnan(values).sum() == (text == "").sum():
            return np.asarray(values)
    except ValueError:
        pass
    clean = _cleaned(text, name, findings)
    # Where three digits stand behind the comma, it may also mark thousands, and is no number.
    has_comma = (clean.str.fullmatch(r"[+-]?\d+,\d+") & ~clean.str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}")).to_numpy(bool)
    findings.tell("HMX544", name, has_comma)
    is_number = clean.str.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?").to_numpy(bool)
    findings.tell("HMX541", name, ~is_number & ~has_comma & (clean != "").to_numpy(bool))
    numbers = clean.where(is_number, None).astype("float64[pyarrow]").to_numpy(np.float64, na_value=np.nan)
    findings.tell("HMX541", name, np.isinf(numbers))
    return np.where(np.isinf(numbers), np.nan, numbers)


def _texts(text: pd.Series, name: str, findings: Findings) -> pd.Series:
    # Of ids, devices and the like there are far fewer than rows.
    codes, words = text.factorize()
    distinct = pd.Series(words)
    trimmed = distinct.str.strip()
    too_long = distinct.str.len() > _LONGEST
    findings.tell("HMX507", name, too_long.to_numpy(bool)[codes])
    untidy = (trimmed != distinct).to_numpy(bool)
    findings.tell("HMX546", name, untidy[codes])
    bad = too_long
    if name in _IDENTIFIERS:
        malformed = ~trimmed.str.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,63}") & (distinct != "") & ~too_long
        findings.tell("HMX547", name, malformed.to_numpy(bool)[codes])
        bad = bad | malformed
    else:
        formula = distinct.str.match(r"[=+\-@\t\r]") & ~trimmed.str.match(r"[+-]?[0-9.]") & ~too_long
        findings.tell("HMX548", name, formula.to_numpy(bool)[codes])
    kept = trimmed.mask(bad | (trimmed == ""), None)
    return kept.take(codes).reset_index(drop=True)
