"""Scales of ratings, as a dataset's description carries them: `hmix_hub.scales_of`, and another name for one."""

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
    """Return the scales on which the ratings of a dataset were given: what was asked, and what stood at the ends.

    Parameters
    ----------
    dataset
        Ratings, or stimuli, any selection; its description carries the scales through filters, joins, splits and
        `save_to_disk`, not through a data frame.

    Returns
    -------
    dict
        By name, as the column `scale` has it, a `Scale`: `question`, `low` (what 0 means), `high` (what 1 means) and
        `steps`, `None` of a continuous scale. Those that no row is rated on are left out, where rows name a scale.
        Empty: the dataset tells of none.

    Raises
    ------
    SchemaError
        If `datasets.concatenate_datasets` put studies together whose scales of one name have other ends.

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
    # Several of one name, where `datasets` itself put studies together.
    return {scale.name: scale for scale in joined_scales([{scale.name: scale} for scale in found])}


def rename_scale(dataset: datasets.Dataset, name: str, new: str) -> datasets.Dataset:
    """Return ratings of which one scale has another name, such as before a join with a scale of that name.

    Parameters
    ----------
    dataset
        Ratings, or stimuli.
    name, new
        Its name, and the name that it shall have, which no other scale has.

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
        msg = f"{new!r} cannot be the name of the scale {name!r}: " + ("another has it" if new in rated else "no text")
        raise ConfigurationError(msg, hint="name one that the dataset does not have")
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
    """Write scales into a dataset's description, in place of those that it told of."""
    description = info.description or ""
    for _, start, end in reversed(list(_spans(description))):
        description = description[:start].rstrip() + description[end:]
    said = [f"Scale {json.dumps(asdict(scale))}." for scale in scales]
    info.description = " ".join([*filter(None, [description.strip()]), *said])


def joined_scales(parts: Iterable[Mapping[str, Scale]]) -> list[Scale]:
    """Return the scales of datasets that are joined; of one name, the first.

    Raises
    ------
    SchemaError
        If two scales of one name have other ends, so that their ratings measure different things.

    Warns
    -----
    ScaleWarning
        If two scales of one name differ in question or steps alone.
    """
    found: dict[str, Scale] = {}
    for scale in (scale for part in parts for scale in part.values()):
        known = found.setdefault(scale.name, scale)
        if known.ends != scale.ends:
            msg = f"two studies have a scale {scale.name!r} with other ends: {known.range}; and {scale.range}"
            hint = f"hmix_hub.scales.rename_scale(dataset, {scale.name!r}, ...) tells them apart; or filter(scale=...)"
            raise SchemaError(msg, hint=hint)
        if (known.question, known.steps) != (scale.question, scale.steps):
            message = (
                f"two studies have a scale {scale.name!r} with the same ends, but {known.question!r} ({known.range}) "
                f"is not {scale.question!r} ({scale.range}); the joined dataset tells of the first"
            )
            warnings.warn(message, ScaleWarning, stacklevel=3)
    return list(found.values())


def _spans(description: str) -> Iterable[tuple[Scale, int, int]]:
    """Return the scales in a description, each with where its sentence begins and ends."""
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
