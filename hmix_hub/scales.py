"""Scales of ratings, stored in a dataset's description: `hmix_hub.scales_of`, and renaming."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, ScaleWarning, SchemaError, nearest
from hmix_hub.schema.scale import Scale
from hmix_hub.tables import arrow_columns, check_dataset_type, named_columns, unique_values
from hmix_hub.tasks.scale_rating import SCALE

if TYPE_CHECKING:
    import datasets

_MARK = 'Scale {"'
_FIELDS = {field.name for field in fields(Scale)}


def scales_of(dataset: datasets.Dataset) -> dict[str, Scale]:
    """Return the scales of the ratings in a dataset, with their questions and the labels of their ends.

    Parameters
    ----------
    dataset
        Ratings or stimuli, any selection; the scales are kept by filters, joins, splits and `save_to_disk`, but not by
        data frames.

    Returns
    -------
    dict
        By name, as in the column `scale`, a `Scale` with `question`, `low` (meaning of 0), `high` (meaning of 1) and
        `steps`, `None` for a continuous scale. If rows name scales, only those are included. Empty if no scales are
        known.

    Raises
    ------
    SchemaError
        If `datasets.concatenate_datasets` combined studies whose scales of one name have different ends.

    Examples
    --------
    >>> import hmix_hub
    >>> from pathlib import Path
    >>> from hmix_hub.studies.example import example_study, write_files
    >>> folder = write_files(Path("my-study"), example_study("scale_rating"))
    >>> ds = hmix_hub.load_dataset(str(folder), "scale_rating", split="train")
    >>> hmix_hub.scales_of(ds)["likeness"].high
    'entirely'
    """
    check_dataset_type(dataset)
    found = [scale for scale, _, _ in _spans(dataset.info.description or "")]
    if SCALE in dataset.column_names and found:
        rated = set(unique_values(dataset, SCALE))
        found = [scale for scale in found if scale.name in rated]
    # Several of one name, if `datasets` itself combined studies.
    return {scale.name: scale for scale in joined_scales([{scale.name: scale} for scale in found])}


def rename_scale(dataset: datasets.Dataset, name: str, new: str) -> datasets.Dataset:
    """Return ratings with one scale renamed, for example before a join with a scale of the same name.

    Parameters
    ----------
    dataset
        Ratings, or stimuli.
    name, new
        Current and new name; the new one must not be in use.

    Raises
    ------
    ConfigurationError
        If there is no such scale, or another has the new name.
    """
    named_columns(check_dataset_type(dataset), SCALE)
    rated = unique_values(dataset, SCALE)
    if name not in rated:
        msg = f"the dataset has no scale {name!r}"
        raise ConfigurationError(msg, hint=nearest(name, rated, label="scales"))
    if not isinstance(new, str) or not new or new in rated:
        msg = f"{new!r} cannot be the name of the scale {name!r}: " + (
            "the name is in use" if new in rated else "no text"
        )
        raise ConfigurationError(msg, hint="choose a name that is not in use")
    place, feature = dataset.column_names.index(SCALE), dataset.features[SCALE]
    column = arrow_columns(dataset, [SCALE])[SCALE]
    renamed = pc.if_else(pc.equal(column, name), pa.scalar(new), column)
    kept = scales_of(dataset).values()
    names = dataset.column_names
    changed = dataset.remove_columns(SCALE).add_column(SCALE, renamed.combine_chunks(), feature=feature)
    changed = changed.select_columns([*names[:place], SCALE, *names[place + 1 :]])
    set_scales(changed.info, [replace(one, name=new) if one.name == name else one for one in kept])
    return changed


def set_scales(info: datasets.DatasetInfo, scales: Iterable[Scale]) -> None:
    """Write scales to a dataset's description, replacing those in it."""
    description = info.description or ""
    for _, start, end in reversed(list(_spans(description))):
        description = description[:start].rstrip() + description[end:]
    said = [f"Scale {json.dumps(asdict(scale))}." for scale in scales]
    info.description = " ".join([*filter(None, [description.strip()]), *said])


def joined_scales(parts: Iterable[Mapping[str, Scale]]) -> list[Scale]:
    """Return the scales of joined datasets; for each name, the first.

    Raises
    ------
    SchemaError
        If two scales of one name have different ends, so that their ratings measure different things.

    Warns
    -----
    ScaleWarning
        If two scales of one name differ only in question or steps.
    """
    found: dict[str, Scale] = {}
    for scale in (scale for part in parts for scale in part.values()):
        known = found.setdefault(scale.name, scale)
        if known.ends != scale.ends:
            msg = f"two studies have a scale {scale.name!r} with different ends: {known.range}; and {scale.range}"
            hint = f"rename one with hmix_hub.scales.rename_scale(dataset, {scale.name!r}, ...), or filter(scale=...)"
            raise SchemaError(msg, hint=hint)
        if (known.question, known.steps) != (scale.question, scale.steps):
            message = (
                f"two studies have a scale {scale.name!r} with the same ends, but {known.question!r} ({known.range}) "
                f"is not {scale.question!r} ({scale.range}); the joined dataset keeps the first"
            )
            warnings.warn(message, ScaleWarning, stacklevel=3)
    return list(found.values())


def _spans(description: str) -> Iterable[tuple[Scale, int, int]]:
    """Return the scales in a description, each with the start and end of its sentence."""
    start = description.find(_MARK)
    while start >= 0:
        try:
            content, end = json.JSONDecoder().raw_decode(description, start + len("Scale "))
        except json.JSONDecodeError:
            # Part of another sentence, such as a list of class names.
            content, end = None, start + 1
        if isinstance(content, dict) and set(content) == _FIELDS:
            yield _scale(content), start, end + 1
        start = description.find(_MARK, end)


def _scale(content: dict[str, Any]) -> Scale:
    steps = content.pop("steps")
    return Scale(**{name: str(text) for name, text in content.items()}, steps=steps if isinstance(steps, int) else None)
