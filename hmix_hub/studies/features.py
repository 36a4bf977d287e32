"""Hugging Face features of a study's tables: the schema's columns, then the study's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hmix_hub.schema import Column, Vocabulary, features

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa


def study_features(schema: pa.Schema, columns: Iterable[Column], vocabulary: Vocabulary) -> datasets.Features:
    """Give the features of a table.

    Parameters
    ----------
    schema
        Its Arrow schema; the study's own columns are text, integers, numbers or truths.
    columns
        The columns that the package's schema describes.
    vocabulary
        Class names that labels count in.
    """
    from datasets import Features, Value
    from datasets.features.features import generate_from_arrow_type

    known = features(columns, vocabulary)
    found = {}
    for field in schema:
        feature = known.get(field.name) or generate_from_arrow_type(field.type)
        # A column that is empty throughout has no type of its own.
        found[field.name] = Value("string") if feature == Value("null") else feature
    return Features(found)
