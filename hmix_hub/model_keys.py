"""Keys of nested pydantic models: which a place of a YAML file may have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel


def known_keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Return the keys that may stand at a place, as they are written in the file.

    Parameters
    ----------
    model
        The model of the file.
    path
        Where the keys stand: names of fields, keys of tables and numbers of list items, from the outside in.
    """
    at: type[BaseModel] = model
    for part in path:
        annotation = next(
            (field.annotation for name, field in at.model_fields.items() if part in {name, field.alias}), None
        )
        at = at if annotation is None else _model_in(annotation) or at
    return [field.alias or name for name, field in at.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model in an annotation: a list of it, a table of it, or it or nothing."""
    inside = get_args(annotation)
    if inside:
        return next((model for one in inside if (model := _model_in(one))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
