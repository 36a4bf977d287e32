"""Feature differences between the two pictures of a mixture, computed from pixels or supplied by the user."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import PerceptionError, Where, nearest
from hmix_hub.perception.mixtures import Observations
from hmix_hub.perception.picture_features import VISIBILITY, endpoint_features, picture_features
from hmix_hub.perception.terms import Features
from hmix_hub.schema.arrays import Floats
from hmix_hub.tables import pick_rows

if TYPE_CHECKING:
    import datasets

LARGEST = 1e50
"""Largest magnitude of a number in a model, such that products of a few of them do not overflow."""
Pictures = bool | str | Sequence[str] | Mapping[str, Any] | npt.NDArray[Any]
"""No features (False), `VISIBILITY` (True), features by name, or the user's own differences, one row per judgment."""


@dataclass(frozen=True, eq=False)
class Differences:
    """Features of image 1 minus those of image 2.

    Parameters
    ----------
    names
        Name of each of F features.
    values
        float64 (N, F), finite.
    from_pixels
        Whether they are computed by `picture_features`; otherwise the user supplied them.
    """

    names: tuple[str, ...]
    values: Floats
    from_pixels: bool

    def features(self, seen: Observations) -> Features:
        """Return the scales of the features, and their distribution within classes for unknown pictures.

        Raises
        ------
        PerceptionError
            If a feature never differs between the two pictures.
        """
        scale: Floats = np.sqrt((self.values**2).mean(axis=0) / 2)
        for name, size in zip(self.names, scale, strict=True):
            if not size > 1 / LARGEST:
                msg = f"feature {name!r} never differs between the two pictures of a judgment"
                raise PerceptionError(msg, hint="remove the feature")
        one_hot = np.eye(len(seen.classes))
        signs = one_hot[seen.class_1] - one_hot[seen.class_2]
        # The minimum-norm solution: classes that were never shown get the overall mean, 0.
        class_means = np.linalg.lstsq(signs, self.values, rcond=None)[0].astype(np.float64)
        rest = (self.values - signs @ class_means) / scale
        return Features(self.names, scale, class_means, rest.T @ rest / (2 * len(rest)), self.from_pixels)


def differences_in(
    dataset: datasets.Dataset,
    seen: Observations,
    pictures: Pictures,
    *,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> Differences | None:
    """Return the feature differences of the judgments; `None` without features.

    Raises
    ------
    PerceptionError
        If the user's features are not finite numbers with one row per row of the dataset.
    """
    if pictures is False:
        return None
    if pictures is True or isinstance(pictures, str) or (isinstance(pictures, list | tuple) and _are_names(pictures)):
        names = VISIBILITY if pictures is True else (pictures,) if isinstance(pictures, str) else tuple(pictures)
        rows = dataset if len(seen) == len(dataset) else pick_rows(dataset, seen.rows)
        first, second = endpoint_features(rows, names, cifar10=cifar10, image_sets=image_sets)
        return Differences(tuple(names), first - second, from_pixels=True)
    names, values = named_features(pictures, len(dataset))
    return Differences(names, values[seen.rows], from_pixels=False)


def _are_names(given: Sequence[Any]) -> bool:
    return len(given) > 0 and all(isinstance(name, str) for name in given)


def named_features(given: object, n_rows: int) -> tuple[tuple[str, ...], Floats]:
    """Return the names of user-supplied features, and their values as float64 (N, F).

    Parameters
    ----------
    given
        A mapping from names to arrays (N,), or an array (N,) or (N, F).
    n_rows
        N.

    Raises
    ------
    PerceptionError
        If they are not finite numbers in N rows.
    """
    hint = "pass one number per row, image 1 minus image 2: {'logit': array of shape (N,)}"
    names = tuple(map(str, given)) if isinstance(given, Mapping) else ()
    parts = list(given.values()) if isinstance(given, Mapping) else [given]
    try:
        columns = [np.asarray(part, dtype=np.float64) for part in parts] or [np.empty((0, 0))]
        values = np.stack(columns, axis=1) if names else columns[0].reshape(len(columns[0]), -1)
    except (ValueError, TypeError):
        msg = "picture features must be numbers"
        raise PerceptionError(msg, hint=hint) from None
    names = names or tuple(f"feature {number + 1}" for number in range(values.shape[1]))
    if values.ndim != 2 or len(values) != n_rows or not values.size:
        msg = f"picture features have shape {values.shape}, but there are {n_rows} rows"
        raise PerceptionError(msg, hint=hint)
    bad = np.argwhere(~(np.abs(values) <= LARGEST))
    if len(bad):
        row, column = bad[0].tolist()
        msg = f"feature {names[column]!r} is {values[row, column]:g}, not a finite number up to {LARGEST:g}"
        hint = "remove judgments without a value, or rescale the feature"
        raise PerceptionError(msg, where=Where(row=row), hint=hint)
    return names, values


def differences_between(
    features: Features | None, image_1: object, image_2: object, own: object, n_rows: int
) -> Floats | None:
    """Return the feature differences of predictions; `None` if neither pictures nor features are given.

    Parameters
    ----------
    features
        Features of the model.
    image_1, image_2
        Pictures, uint8 (3, H, W) or (N, 3, H, W).
    own
        User-supplied features; one row, or N.
    n_rows
        N.

    Raises
    ------
    PerceptionError
        If the model cannot use them, or one of the two pictures is missing.
    """
    if image_1 is None and image_2 is None and own is None:
        return None
    if features is None:
        msg = "the model was fitted without pictures, so it cannot use image_1, image_2 or features"
        raise PerceptionError(msg, hint="fit with pictures=True, or predict from coefficients and classes only")
    if features.from_pixels:
        if image_1 is None or image_2 is None or own is not None:
            msg = "the model computes features from image_1 and image_2: pass both, and no other features"
            raise PerceptionError(msg, hint="pictures are uint8 (3, H, W) or (N, 3, H, W)")
        first, second = (picture_features(_batch(image), features.names) for image in (image_1, image_2))
        return _repeated(first - second, n_rows)
    if own is None:
        names = ", ".join(features.names)
        msg = f"the model was fitted with your own features ({names}), which it cannot compute from pictures"
        raise PerceptionError(msg, hint="pass them as features=")
    return _repeated(_own_values(own, features.names), n_rows)


def _own_values(own: object, names: tuple[str, ...]) -> Floats:
    """Return user-supplied features in the order of the model; float64 (M, F)."""
    if isinstance(own, Mapping):
        for name in own:
            if name not in names:
                msg = f"the model has no feature {name!r}"
                raise PerceptionError(msg, hint=nearest(name, names, label="features"))
        columns: dict[str, Any] = {name: np.atleast_1d(own[name]) for name in names if name in own}
        values = named_features(columns, max(map(len, columns.values()), default=0))[1]
    else:
        array = np.atleast_1d(np.asarray(own))
        # One row of several features, or several rows of one feature.
        rows = array[None] if array.ndim == 1 and len(names) > 1 else array
        values = named_features(rows, len(rows))[1]
    if values.shape[1] != len(names):
        msg = f"{values.shape[1]} features were passed, but the model has {len(names)}: {', '.join(names)}"
        raise PerceptionError(msg, hint="pass the features that the model was fitted with")
    return values


def _batch(image: Any) -> Any:
    return image[None] if getattr(image, "ndim", 0) == 3 else image


def _repeated(values: Floats, n_rows: int) -> Floats:
    if len(values) not in {1, n_rows}:
        msg = f"{len(values)} pairs of pictures were passed for {n_rows} predictions"
        raise PerceptionError(msg, hint="pass one pair, or one per prediction")
    return np.broadcast_to(values, (n_rows, values.shape[1]))
