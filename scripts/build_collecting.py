"""Generated parts of the guide to collecting: the keys of a study file, from its model, and the interface's words."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

_MARK = {dict: ".<task>", list: "[]"}


def study_keys() -> str:
    """Return a table of all keys of a study file: name, type, default and meaning."""
    from hmix_hub.schema.column import as_markdown, markdown_table
    from hmix_hub.suite.study.model import StudyFile

    return markdown_table(
        {
            "key": f"`{key}`",
            "holds": as_markdown(_kind(field.annotation)),
            "default": _default(field),
            "meaning": as_markdown(field.description or ""),
        }
        for key, field in _fields(StudyFile, "", set())
    )


def interface_words() -> str:
    """Return a table of the interface's words by name."""
    from hmix_hub.schema.column import markdown_table
    from hmix_hub.suite.study.words import WORDS

    return markdown_table({"name": f"`{name}`", "English": text.replace("|", "\\|")} for name, text in WORDS.items())


def _fields(model: type[BaseModel], prefix: str, told: set[type[BaseModel]]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield all keys; a key with a model that was already listed stands for all keys within it."""
    for name, field in model.model_fields.items():
        container, inner = _inner_model(field.annotation)
        key = f"{prefix}{name}"
        if inner is None or inner in told:
            yield key, field
            continue
        told.add(inner)
        yield from _fields(inner, f"{key}{_MARK.get(container, '')}.", told)


def _inner_model(annotation: Any) -> tuple[Any, type[BaseModel] | None]:
    """Return the container (dict, list or none) and the model of a field, if it has one."""
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None, annotation
    origin = get_origin(annotation)
    for part in get_args(annotation):
        container, inner = _inner_model(part)
        if inner is not None:
            return (origin if origin in _MARK else container), inner
    return None, None


def _kind(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(parts[0])
    if origin is Literal:
        return " or ".join(f"`{part}`" if isinstance(part, str) else str(part) for part in parts)
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(_kind(part) for part in parts if part is not type(None)))
    if origin is list:
        return f"list of {_kind(parts[0])}"
    if origin is dict:
        return "names and texts"
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(annotation, "tables")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "none" if value is None else f"`{json.dumps(value)}`"
