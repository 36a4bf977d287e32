"""Picture features, computed from pixels, that make one picture of a mixture more visible than the other.

A picture is uint8 (3, H, W), red, green, blue. Its luminance is `Y = (0.299 R + 0.587 G + 0.114 B) / 255`. With `R, G,
B` scaled to 0 to 1, the features are:

edge_energy
    `log(max(e, 1 / 255))`, `e` the root mean square of the gradient `(Y[y, x + 1] - Y[y, x], Y[y + 1, x] - Y[y, x])`
    over all pixels except the last row and column. In nats, -5.54 (no edge above one grey level) to .35.
colourfulness
    `sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2)`, with `rg = R - G` and `yb = (R + G) / 2 - B`. A share
    of full scale, 0 (grey) to 1.17. Source: Hasler and Süsstrunk, *Measuring colourfulness in natural images*, 2003.
low_frequency_contrast
    Standard deviation of the mean luminance of the blocks of an 8 by 8 grid, 0 (uniform) to .5.
saturation
    Mean over pixels of `(max - min) / max` of `R, G, B`, 0 for black pixels; 0 (grey) to 1.

Sums use integers, so all features except saturation are independent of the memory layout, and a uniform picture has a
contrast of exactly 0. Gradients depend on the resolution, so compare only pictures of one size.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError, SchemaError, Where, nearest
from hmix_hub.loading.pictures import ImageSets, mixtures_in, open_image_sets, task_of_rows
from hmix_hub.sources.image_set import size_text

if TYPE_CHECKING:
    import datasets

Floats = npt.NDArray[np.float64]
_Channels = npt.NDArray[np.int64]

VISIBILITY = ("edge_energy", "colourfulness")
"""Default features of `PerceptualModel`; others do not improve predictions of held-out judgments in H-Mix."""
_MOST_TOLD = 3
_AT_ONCE = 128
"""Number of pictures processed at a time, so that 64-bit integers stay in the processor's cache."""
_GRID = 8
_LUMINANCE = (299, 587, 114)
_WHITE = 255


def picture_features(images: object, names: str | Sequence[str] = VISIBILITY) -> Floats:
    """Compute features of pictures from their pixels.

    Parameters
    ----------
    images
        uint8 (N, 3, H, W), red, green, blue, at least 2 x 2 pixels: a `numpy.ndarray` or `torch.Tensor`.
    names
        Names of F features in `FEATURES`; see the module's docstring for formulas, units and ranges.

    Returns
    -------
    numpy.ndarray
        float64 (N, F), finite, in the order of `names`. A picture's features do not depend on other pictures.

    Raises
    ------
    ConfigurationError
        If a feature is unknown.
    SchemaError
        If the pictures are not uint8 (N, 3, H, W), N is 0, or they are smaller than 2 x 2.

    Examples
    --------
    >>> import numpy as np
    >>> grey = np.full((1, 3, 32, 32), 128, dtype=np.uint8)
    >>> picture_features(grey, ["low_frequency_contrast", "saturation"])
    array([[0., 0.]])
    """
    chosen = check_feature_names(names)
    pictures = _check_pictures(images)
    parts = [_features(pictures[start : start + _AT_ONCE], chosen) for start in range(0, len(pictures), _AT_ONCE)]
    return np.concatenate(parts)


def endpoint_features(
    dataset: datasets.Dataset,
    names: str | Sequence[str] = VISIBILITY,
    *,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: ImageSets | None = None,
) -> tuple[Floats, Floats]:
    """Compute the features of both pictures of every row's mixture.

    Parameters
    ----------
    dataset
        Judgments or stimuli of mixtures of two pictures, N rows.
    names
        Names of features; see `picture_features`.
    cifar10, image_sets
        Where the pictures come from; see `hmix_hub.render`.

    Returns
    -------
    tuple
        Features of the first and of the second pictures; float64 (N, F) each.

    Raises
    ------
    SchemaError
        If a row has no second picture, or the pictures differ in size.
    ConfigurationError, SourceError
        If a feature is unknown, or the pictures are unavailable.
    """
    chosen = check_feature_names(names)
    pairs = mixtures_in(dataset, task_of_rows(dataset), "endpoints")
    single = np.flatnonzero(pairs.second[pairs.of_row] < 0)
    if len(single):
        msg = "the row has a single picture, so there is nothing to compare it with"
        raise SchemaError(msg, where=Where(row=int(single[0])), hint="select rows that have an image_2_index")
    opened = open_image_sets(dataset, cifar10=cifar10, image_sets=image_sets)
    sizes = {(name, size_text(size)): None for name, one in opened.items() for size in np.unique(one.sizes, axis=0)}
    if len({size for _, size in sizes}) > 1:
        msg = f"pictures have different sizes: {', '.join(' '.join(each) for each in list(sizes)[:_MOST_TOLD])}"
        raise SchemaError(msg, hint="fit the model to one image set at a time, or without pictures")
    first, second = np.full((2, len(pairs), len(chosen)), np.nan)
    for number, name in enumerate(pairs.set_names):
        rows = np.flatnonzero(pairs.set_number == number)
        indices, places = np.unique(np.stack([pairs.first[rows], pairs.second[rows]]), return_inverse=True)
        features = picture_features(opened[name].take(indices), chosen)
        first[rows], second[rows] = features[places.reshape(2, -1)]
    return first[pairs.of_row], second[pairs.of_row]


def check_feature_names(names: str | Sequence[str]) -> tuple[str, ...]:
    """Check names of features, and return them without duplicates."""
    chosen = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in FEATURES:
            msg = f"there is no picture feature {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, FEATURES, label="picture features"))
    if not chosen:
        msg = "the list of picture features is empty"
        raise ConfigurationError(msg, hint=f"choose from {', '.join(FEATURES)}")
    return chosen


def _check_pictures(images: object) -> npt.NDArray[np.uint8]:
    pictures = np.asarray(images.detach().cpu() if hasattr(images, "detach") else images)
    if pictures.dtype != np.uint8:
        found = f"{pictures.dtype} {pictures.shape}"
        if np.issubdtype(pictures.dtype, np.floating) and not np.isfinite(pictures).all():
            found += " with values that are not finite"
        msg = f"pictures must be uint8 (N, 3, height, width), not {found}"
        raise SchemaError(msg, hint="convert values from 0 to 1 with (images * 255).round().astype('uint8')")
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        msg = f"pictures must be uint8 (N, 3, height, width), not {pictures.shape}"
        hint = "color comes before height: images.transpose(0, 3, 1, 2)" if pictures.shape[-1:] == (3,) else None
        raise SchemaError(msg, hint=hint)
    if not len(pictures) or min(pictures.shape[2:]) < 2:
        msg = f"pictures must have at least 2 x 2 pixels, not shape {pictures.shape}"
        raise SchemaError(msg)
    return pictures


def _features(pictures: npt.NDArray[np.uint8], names: Sequence[str]) -> Floats:
    channels = pictures.astype(np.int64)
    return np.stack([FEATURES[name](channels) for name in names], axis=1)


def _luminance(channels: _Channels) -> _Channels:
    """Return the luminance in thousandths of a grey level, int64 (N, H, W)."""
    red, green, blue = (weight * channels[:, c] for c, weight in enumerate(_LUMINANCE))
    return red + green + blue


_LUMINANCE_SCALE = _WHITE * sum(_LUMINANCE)


def _total(values: _Channels) -> Floats:
    return values.sum(axis=tuple(range(1, values.ndim))).astype(np.float64)


def _mean_and_variance(values: _Channels, scale: float) -> tuple[Floats, Floats]:
    """Return the mean and variance of integers in units of a scale; float64 (N,) each."""
    n = values[0].size
    mean = _total(values) / n
    return mean / scale, np.maximum(_total(values**2) / n - mean**2, 0) / scale**2


def _edge_energy(channels: _Channels) -> Floats:
    luminance = _luminance(channels)
    across = np.diff(luminance, axis=2)[:, :-1]
    down = np.diff(luminance, axis=1)[:, :, :-1]
    energy = np.sqrt(_total(across**2 + down**2) / across[0].size) / _LUMINANCE_SCALE
    return np.log(np.maximum(energy, 1 / _WHITE))


def _colourfulness(channels: _Channels) -> Floats:
    red, green, blue = (channels[:, c] for c in range(3))
    rg_mean, rg_variance = _mean_and_variance(red - green, _WHITE)
    yb_mean, yb_variance = _mean_and_variance(red + green - 2 * blue, 2 * _WHITE)
    return np.sqrt(rg_variance + yb_variance) + 0.3 * np.hypot(rg_mean, yb_mean)


def _low_frequency_contrast(channels: _Channels) -> Floats:
    blocks: npt.NDArray[Any] = _luminance(channels)
    for axis in (1, 2):
        length = blocks.shape[axis]
        edges = np.arange(min(_GRID, length) + 1) * length // min(_GRID, length)
        sizes = np.diff(edges).reshape([-1 if a == axis else 1 for a in range(3)])
        blocks = np.add.reduceat(blocks, edges[:-1], axis=axis) / sizes
    means = blocks.reshape(len(blocks), -1) / _LUMINANCE_SCALE
    # Subtract the first block, so that equal blocks have exactly no spread.
    return (means - means[:, :1]).std(axis=1)


def _saturation(channels: _Channels) -> Floats:
    most, least = channels.max(axis=1), channels.min(axis=1)
    return ((most - least) / np.maximum(most, 1)).reshape(len(channels), -1).mean(axis=1)


FEATURES: Mapping[str, Callable[[_Channels], Floats]] = {
    "edge_energy": _edge_energy,
    "colourfulness": _colourfulness,
    "low_frequency_contrast": _low_frequency_contrast,
    "saturation": _saturation,
}
"""Functions by feature name, from integers 0 to 255, int64 (N, 3, H, W), to float64 (N,)."""
