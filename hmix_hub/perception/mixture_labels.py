"""Labels of mixtures: from shares of two classes to distributions over all classes, on any device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch.utils.data import default_collate

from hmix_hub.errors import PerceptionError, first_line
from hmix_hub.perception.stream import exact, interpolate, locate, rounded
from hmix_hub.schema import Vocabulary

Spread = Literal["all", "others"]
"""Which classes receive the mass taken from the two of a mixture: all K, or the K - 2 others."""
_TOLERANCE = 1e-3
"""Maximum deviation of a soft label's sum from 1; for coarser dtypes, it is their precision."""


def look_up(table: torch.Tensor, coefficient: torch.Tensor, one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """Return table entries for coefficients and pairs of classes, interpolated linearly between coefficients.

    Parameters
    ----------
    table
        float32 (G, K, K, ...): entries at the coefficients 0, 1 / (G - 1), ..., 1.
    coefficient
        float32 (B,), 0 to 1.
    one, two
        int64 (B,), 0 to K - 1.

    Returns
    -------
    torch.Tensor
        float32 (B, ...).
    """
    size = table.shape[1]
    cell, within = locate(coefficient, len(table) - 1)
    entries = table.flatten(0, 2)
    place = (cell * size + one) * size + two
    low, high = entries.index_select(0, place), entries.index_select(0, place + size * size)
    return torch.lerp(low, high, within.reshape(-1, *[1] * (entries.ndim - 1)))


def symmetric_share(
    table: torch.Tensor, coefficient: torch.Tensor, one: torch.Tensor, two: torch.Tensor
) -> torch.Tensor:
    """Return the share of the first class, float32 (B,), from a symmetric table (G, K, K).

    A pair is always looked up with its lower class code first, and the other class receives 1 minus the result, so the
    shares of the two orders sum to exactly 1.
    """
    is_turned = one > two
    place = torch.where(is_turned, 1 - coefficient, coefficient)
    found = rounded(look_up(table, place, torch.minimum(one, two), torch.maximum(one, two)))
    return torch.where(one == two, coefficient, torch.where(is_turned, 1 - found, found))


@dataclass(frozen=True, eq=False)
class Rest:
    """Mass taken from the two classes of a mixture, float32 (B,), 0 to 1, and the classes that receive it."""

    weight: torch.Tensor
    spread: Spread


def labels_of_pairs(
    share: torch.Tensor, one: torch.Tensor, two: torch.Tensor, n_classes: int, rest: Rest | None = None
) -> torch.Tensor:
    """Return labels of mixtures of two classes.

    Parameters
    ----------
    share
        float32 (B,): share of the first class, 0 to 1. The second receives `1 - share`; in binary floating point the
        two sum to exactly 1.
    one, two
        int64 (B,).
    n_classes
        K.
    rest
        Mass moved to other classes; `None` for none. Mixtures of a class with itself, which nobody judged, stay
        one-hot.

    Returns
    -------
    torch.Tensor
        float32 (B, K). Without a rest, rows sum to exactly 1.
    """
    codes = torch.arange(n_classes, device=one.device)
    is_one, is_two = one[:, None] == codes, two[:, None] == codes
    labels = torch.where(is_one, share[:, None], 0.0) + torch.where(is_two, 1 - share[:, None], 0.0)
    if rest is None:
        return labels
    weight = torch.where(one == two, 0.0, rest.weight)[:, None]
    if rest.spread == "all":
        return labels * (1 - weight) + weight / n_classes
    return torch.where(is_one | is_two, labels * (1 - weight), weight / (n_classes - 2))


def pair_shares(table: torch.Tensor, coefficient: torch.Tensor, *, symmetric: bool) -> torch.Tensor:
    """Return the share of the lower class code a in mixtures of all P pairs of classes a < b.

    Parameters
    ----------
    table
        float32 (G, K, K); see `look_up`.
    coefficient
        float32 (B,): share of the first image.
    symmetric
        Whether the table is symmetric.

    Returns
    -------
    torch.Tensor
        float32 (B, 2 P): shares if the first image is of class a, followed by those if the second is.
    """
    size = table.shape[1]
    low, high = torch.triu_indices(size, size, 1, device=table.device)
    entries = table.flatten(1)
    ordered = entries.index_select(1, low * size + high)
    if symmetric:
        both = rounded(interpolate(ordered, torch.cat([coefficient, 1 - coefficient])))
        return torch.cat([both[: len(coefficient)], both[len(coefficient) :]], 1)
    turned = entries.index_select(1, high * size + low)
    return torch.cat([rounded(interpolate(ordered, coefficient)), 1 - rounded(interpolate(turned, coefficient))], 1)


def labels_of_distributions(
    shares: torch.Tensor | None,
    coefficient: torch.Tensor,
    one: torch.Tensor,
    two: torch.Tensor,
    rest: Rest | None = None,
) -> torch.Tensor:
    """Return labels of mixtures of two soft labels: the mean over pairs of classes drawn from them.

    Parameters
    ----------
    shares
        float32 (B, 2 P), the result of `pair_shares`; `None` to use the coefficient.
    coefficient
        float32 (B,).
    one, two
        float32 (B, K), rows that sum to 1.
    rest
        See `labels_of_pairs`.

    Returns
    -------
    torch.Tensor
        float32 (B, K).
    """
    same = one * two
    if shares is None:
        labels = two * (1 - coefficient[:, None]) + one * coefficient[:, None]
    else:
        labels = _gather_pairs(shares, one, two, same)
    if rest is None:
        return labels
    weight = rest.weight[:, None]
    n_classes = one.shape[1]
    if rest.spread == "all":
        differing = (1 - same.sum(1, keepdim=True)) / n_classes
    else:
        # Pairs of two different classes, neither of which is this one.
        differing = ((1 - one) * (1 - two) - (same.sum(1, keepdim=True) - same)) / (n_classes - 2)
    return same + (1 - weight) * (labels - same) + weight * differing


def _gather_pairs(shares: torch.Tensor, one: torch.Tensor, two: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Return each class's mass from all pairs of classes, float32 (B, K); `same` is that of pairs of one class."""
    size = one.shape[1]
    low, high = torch.triu_indices(size, size, 1, device=one.device)
    pairs = one.index_select(1, torch.cat([low, high])) * two.index_select(1, torch.cat([high, low]))
    given = pairs * shares
    of_low = given[:, : len(low)] + given[:, len(low) :]
    of_high = pairs[:, : len(low)] + pairs[:, len(low) :] - of_low
    # Not a matrix product, which TF32 and autocast would round.
    places = torch.cat([low * size + high, high * size + low, torch.arange(size, device=one.device) * (size + 1)])
    masses = torch.cat([of_low, of_high, same], 1).index_select(1, places.argsort())
    return masses.view(len(one), size, size).sum(2)


def draw_classes(distributions: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Draw a class from each distribution (B, K) by inverse transform of uniform numbers (B,); int64 (B,)."""
    total = distributions.cumsum(1)
    return (numbers[:, None] * total[:, -1:] >= total[:, :-1]).sum(1)


def draw_answers(total: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Draw an answer from each row of cumulative probabilities (B, A) by inverse transform; float32 (B,), 0 to 1."""
    answer = (numbers[:, None] >= total[:, :-1]).sum(1)
    return answer.to(torch.float32) / (total.shape[1] - 1)


def check_batch(images: object, labels: object) -> None:
    """Check that images and labels are dense tensors of equal number and device, with floating or uint8 images.

    Raises
    ------
    PerceptionError
        If they are not.
    """
    if not (isinstance(images, torch.Tensor) and isinstance(labels, torch.Tensor)):
        msg = f"images and labels must be tensors, not {type(images).__name__} and {type(labels).__name__}"
        raise PerceptionError(msg, hint="torch.utils.data.default_collate converts samples to tensors")
    if images.shape[:1] != labels.shape[:1] or images.device != labels.device:
        both = " and ".join(f"{tuple(part.shape)} on {part.device}" for part in (images, labels))
        msg = f"images and labels must agree in number and device, but are {both}"
        raise PerceptionError(msg)
    if not (images.dtype.is_floating_point or images.dtype == torch.uint8):
        msg = f"images must be floating or uint8, not {images.dtype}"
        raise PerceptionError(msg, hint="convert them, for example with images.float() / 255")
    if images.layout != torch.strided or labels.layout != torch.strided:
        msg = f"images and labels must be dense tensors, not {images.layout} and {labels.layout}"
        raise PerceptionError(msg, hint="convert them with to_dense()")


def check_labels(labels: torch.Tensor, n_classes: int | None, classes: tuple[str, ...] | None) -> int:
    """Check the labels of a batch and return the number of classes.

    Shapes and dtypes are checked on every device. Values are checked on the CPU only, since reading them elsewhere
    would synchronise with the host; an out-of-range label on a GPU ends in a device-side assertion.

    Raises
    ------
    PerceptionError
        If the labels do not fit the classes.
    """
    if labels.ndim == 1:
        if labels.dtype.is_floating_point or labels.dtype.is_complex or labels.dtype == torch.bool:
            msg = f"labels of shape (B,) must be integer class codes, not {labels.dtype}"
            raise PerceptionError(msg, hint="soft labels have shape (B, K)")
        if n_classes is None:
            msg = "labels of shape (B,) do not determine how many classes there are, and there is no model"
            raise PerceptionError(msg, hint="use HumanMixup(None, classes=10), or one-hot labels")
    elif labels.ndim != 2:
        msg = f"labels must have shape (B,) or (B, K), not {tuple(labels.shape)}"
        raise PerceptionError(msg)
    elif labels.dtype.is_complex:
        msg = f"labels of shape (B, K) must be distributions over the classes, not {labels.dtype}"
        raise PerceptionError(msg)
    elif n_classes not in {None, labels.shape[1]}:
        msg = f"the batch has labels of {labels.shape[1]} classes, but the model has {_named(n_classes, classes)}"
        raise PerceptionError(msg, hint="fit a model to judgments of these classes")
    size = n_classes if n_classes is not None else labels.shape[1]
    if labels.device.type == "cpu" and labels.numel() and not torch.compiler.is_compiling():
        _check_values(labels, size, classes)
    return size


def _check_values(labels: torch.Tensor, n_classes: int, classes: tuple[str, ...] | None) -> None:
    if labels.ndim == 1:
        low, high = (int(end) for end in labels.aminmax())
        if low < 0 or high >= n_classes:
            wrong = low if low < 0 else high
            msg = f"the batch has the label {wrong}, but the model has {_named(n_classes, classes)}"
            hint = "labels count from 0; fit a model to judgments of these classes"
            raise PerceptionError(msg, hint=hint)
        return
    # One combined check, since each check waits for its result. NaN fails every comparison.
    off = (labels.sum(1, dtype=torch.float32) - 1).abs().amax()
    eps = torch.finfo(labels.dtype).eps if labels.dtype.is_floating_point else 0.0
    if not bool((labels.amin() >= 0) & (off <= max(_TOLERANCE, eps))):
        msg = "the batch has soft labels that are not distributions (0 or more, summing to 1)"
        raise PerceptionError(msg, hint="divide each row by its sum")


def _named(n_classes: int | None, classes: tuple[str, ...] | None) -> str:
    names = "" if classes is None else f" ({', '.join(classes[:10])}{', …' if len(classes) > 10 else ''})"
    return f"{n_classes} classes{names}"


def collated(samples: Sequence[Any]) -> Sequence[torch.Tensor]:
    """Return samples, pairs of an image and a label, as a batch of images and a batch of labels."""
    try:
        batch = default_collate(list(samples))
    except (IndexError, RuntimeError, TypeError) as error:
        msg = f"{len(samples)} samples cannot be collated: {first_line(error)}"
        hint = "samples must be pairs of an image tensor, all of one shape (convert PIL images first), and a label"
        raise PerceptionError(msg, hint=hint) from error
    if not isinstance(batch, list | tuple) or len(batch) != 2:
        msg = "samples must be pairs of an image and a label"
        raise PerceptionError(msg, hint="collate them with your own function, then call mixup(images, labels)")
    return batch


def check_coefficient(given: Any, n_labels: int | None = None) -> torch.Tensor:
    """Return mixing coefficients (one or B, if labels are given) as float32 multiples of 2^-24; see `stream.exact`.

    Raises
    ------
    PerceptionError
        If a coefficient is not a number from 0 to 1 (checked on the CPU only), or their number is wrong.
    """
    # Keep Python's float64: in a shorter type, `c` and the caller's `1 - c` might not be complements.
    try:
        coefficient = (
            given if isinstance(given, torch.Tensor) else torch.from_numpy(np.asarray(given, dtype=np.float64))
        )
    except (TypeError, ValueError) as error:
        msg = f"coefficients must be numbers from 0 to 1, not {given!r:.80}"
        raise PerceptionError(msg, hint="the coefficient is the share of the first image") from error
    is_seen = coefficient.device.type == "cpu" and not torch.compiler.is_compiling()
    # NaN fails both comparisons.
    if is_seen and not bool(((coefficient >= 0) & (coefficient <= 1)).all()):
        msg = "a coefficient is not a number from 0 to 1"
        raise PerceptionError(msg, hint="the coefficient is the share of the first image")
    if n_labels is not None and (coefficient.ndim > 1 or coefficient.numel() not in {1, n_labels}):
        shape = tuple(coefficient.shape)
        msg = f"the coefficient must be one number, or one for each of {n_labels} labels, not of shape {shape}"
        raise PerceptionError(msg)
    return exact(coefficient)


def as_labels(given: Any, device: torch.device | None = None) -> torch.Tensor:
    """Return labels, given as a tensor, array or list, as a tensor.

    Raises
    ------
    PerceptionError
        If they are not numbers, or rows differ in length.
    """
    try:
        return torch.as_tensor(given, device=device)
    except (TypeError, ValueError) as error:
        msg = f"labels must be class codes (B,) or distributions (B, K), not {given!r:.80}"
        raise PerceptionError(msg, hint="convert names: [model.classes.index(name) for name in names]") from error


def class_codes(given: Any, n_classes: int | None, classes: tuple[str, ...] | None) -> torch.Tensor:
    """Return the codes of classes given by name or code, as integers of the same shape."""
    if not isinstance(given, torch.Tensor):
        names = np.asarray(given)
        if names.dtype.kind in "US":
            vocabulary = Vocabulary(classes or ())
            names = np.array([vocabulary.code(str(name)) for name in names.ravel()], np.int64).reshape(names.shape)
        given = torch.as_tensor(names)
    check_labels(given.reshape(-1), n_classes, classes)
    codes: torch.Tensor = given
    return codes
