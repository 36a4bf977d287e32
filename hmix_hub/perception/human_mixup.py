"""Mixup that labels mixtures as people see them: `hmix_hub.HumanMixup`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import default_collate

from hmix_hub.errors import ConfigurationError, PerceptionError, nearest
from hmix_hub.perception.mixture_labels import (
    Rest,
    check_coefficient,
    check_labels,
    class_codes,
    draw_answers,
    draw_classes,
    labels_of_distributions,
    labels_of_pairs,
    look_up,
    symmetric_share,
    symmetric_shares,
)
from hmix_hub.perception.mixup_options import (
    Uncertainty,
    check_alpha,
    check_model,
    check_seed,
    curve_of,
    name_of,
    order_of,
    weight_of,
)
from hmix_hub.perception.share_table import ENDS, SharesModel, answer_table, curve_table, outermost_of, share_table
from hmix_hub.perception.stream import CoefficientStream, at, interpolate
from hmix_hub.rendering import to_floating

_ANSWERS, _CLASSES_1, _CLASSES_2 = 1, 2, 3
"""Streams of other numbers at the positions of the coefficients."""


class HumanMixup(torch.nn.Module):
    """Mixup whose labels are what people see in the mixtures, rather than the mixing coefficients.

    It takes the place of torchvision's `v2.MixUp`: `images, labels = mixup(images, labels)`. Each image is mixed with
    the one before it in the batch (the first with the last), `coefficient * image + (1 - coefficient) * partner`.

    Parameters
    ----------
    model
        `hmix_hub.PerceptualModel`, or any object with `classes` (K names) and `shares(coefficients)`. `None` or
        "identity": labels of plain mixup, the coefficient itself.
    alpha
        Coefficients are drawn from Beta(alpha, alpha), as multiples of 2^-24.
    per_sample
        Whether each sample has a coefficient of its own; else each batch has one, as in `v2.MixUp`.
    symmetric
        Whether a label must not depend on which image is called the first: then the two views of the model are
        averaged. Else the batch's image counts as image 1, with whatever bias of side the model has.
    ends
        People were shown coefficients of .1 to .9; beyond is extrapolation. "pinned": a single image (coefficient 0 or
        1) is all of its class, and straight lines lead there from the outermost coefficients shown. "model": what the
        model says, which gives a single image a share below 1.
    uncertainty
        What else a label shows, of mixtures of two different classes (those of one class stay one-hot):

        * `None`: nothing. A label is the expected answer for two classes.
        * "confidence": the authors' smoothing by the mean confidence at the coefficient. With K classes, y the label,
          and `k = 50 * 1e-4 ** confidence`, it is `(K y + k) / (K + K k)`.
        * "outside": the mean mass that people give to other classes at the coefficient, in equal parts.
        * "sample": the answer of one participant, drawn from the model's probabilities.

        A `ConfidenceCurve` or `OutsideCurve` stands for those of the model. Pinned ends have no uncertainty either.
    seed
        Number of the stream of coefficients, 0 or more. `None`: one that torch's generator draws now, so that
        `torch.manual_seed` decides it.
    classes
        Class names in the order that the batch's labels count; `None`: the model's. Without a model, their number will
        do, and is needed for labels of the shape (B,) alone.

    Raises
    ------
    ConfigurationError
        If an option makes no sense, or the model does not have what it needs.
    SchemaError
        If the model does not know a class.

    Notes
    -----
    `share(c, i, j) + share(1 - c, j, i)` is exactly 1 (of symmetric ones), two images of one class give a one-hot
    label, and without uncertainty rows sum to exactly 1.

    The stream is a function of seed and position: the same on all devices, and its state, part of `state_dict`, is a
    number. Processes that train together need seeds of their own, such as their ranks. Tables and position are buffers:
    move the module to the images' device, as one does with a model; otherwise they are copied there in each call.

    Examples
    --------
    >>> import torch, hmix_hub
    >>> mixup = hmix_hub.HumanMixup(None, classes=10, seed=0)
    >>> images, labels = mixup(torch.rand(8, 3, 32, 32), torch.arange(8))
    >>> images.shape, labels.shape
    (torch.Size([8, 3, 32, 32]), torch.Size([8, 10]))
    """

    table: torch.Tensor | None
    weights: torch.Tensor | None
    answers: torch.Tensor | None

    def __init__(  # noqa: PLR0917 - the order of v2.MixUp's options, then those of its own
        self,
        model: SharesModel | str | None,
        alpha: float = 1.0,
        per_sample: bool = True,
        symmetric: bool = True,
        ends: str = "pinned",
        uncertainty: Uncertainty = None,
        seed: int | None = None,
        *,
        classes: Sequence[str] | int | None = None,
    ) -> None:
        super().__init__()
        self.alpha = check_alpha(alpha)
        self.per_sample, self.symmetric = bool(per_sample), bool(symmetric)
        if ends not in ENDS:
            msg = f"ends are not {ends!r}"
            raise ConfigurationError(msg, hint=nearest(ends, ENDS, label="choices"))
        self.ends = ends
        known = check_model(model)
        curve = curve_of(uncertainty, known)
        self.uncertainty = name_of(uncertainty)
        self.classes, self.n_classes, order = order_of(known, classes)
        if self.uncertainty == "outside" and (self.n_classes or 0) < 3:
            msg = f"with {self.n_classes or 'no'} classes there is none outside the two of a mixture"
            raise ConfigurationError(msg, hint="name three or more classes, or take another uncertainty")
        self.stream = CoefficientStream(self.alpha, check_seed(seed))
        table = None if known is None else share_table(known, symmetric=self.symmetric, ends=ends)
        answers = None
        if self.uncertainty == "sample":
            answers = _picked(answer_table(known, symmetric=self.symmetric, ends=ends), order)
        self.register_buffer("table", None if table is None else _picked(table, order))
        self.register_buffer("answers", answers)
        outermost = curve.coefficients[-1] if curve is not None and known is None else outermost_of(known)
        self.register_buffer("weights", None if curve is None else curve_table(weight_of(curve), ends, outermost))

    def extra_repr(self) -> str:
        """Return the settings, for `repr`."""
        of = "identity" if self.table is None else f"{self.n_classes} classes"
        return (
            f"{of}, alpha={self.alpha:g}, per_sample={self.per_sample}, symmetric={self.symmetric}, "
            f"ends={self.ends!r}, uncertainty={self.uncertainty!r}"
        )

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mix a batch, and label the mixtures.

        Parameters
        ----------
        images
            (B, ...), floating; or uint8, which is brought to 0 to 1. B may be anything: a single image is mixed with
            itself.
        labels
            int64 (B,), codes of `classes`; or (B, K), distributions over them. On the same device.

        Returns
        -------
        tuple
            Images of the same shape, float32 where they were uint8; and labels (B, K), float32 where they were whole
            numbers.

        Raises
        ------
        PerceptionError
            If the labels are of other classes, or of another number of images. Their values are checked on the
            processor alone: on a GPU the host would have to wait.
        """
        _check_batch(images, labels)
        n_classes = check_labels(labels, self.n_classes, self.classes)
        positions = self.stream.advance(len(images), images.device)
        coefficient = self.coefficients_at(positions)
        pictures = to_floating(images)
        share = coefficient.to(pictures.dtype).reshape(-1, *[1] * (pictures.ndim - 1))
        mixed = pictures.roll(1, 0).lerp_(pictures, share)
        return mixed, self._label(coefficient, labels, labels.roll(1, 0), n_classes, positions)

    def collate(self, samples: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return samples as one mixed batch: the `collate_fn` of a `DataLoader`.

        In a worker process the stream follows the worker's own seed, which the loader draws for each epoch from its
        generator, or from torch's; `state_dict` of this module then stays as it is. Samples are pairs of an image and
        a label; anything else is a PerceptionError.
        """
        batch = default_collate(list(samples))
        if not isinstance(batch, list | tuple) or len(batch) != 2:
            msg = "samples are pairs of an image and a label"
            raise PerceptionError(msg, hint="collate them yourself, then call mixup(images, labels)")
        return self(*batch)

    def coefficients(self, n: int, device: torch.device | str | None = None) -> torch.Tensor:
        """Return the next coefficients of the stream: float32 (n,), for whoever mixes something else with them."""
        return self.coefficients_at(self.stream.advance(n, None if device is None else torch.device(device)))

    def coefficients_at(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the coefficients at positions of the stream, int64 (B,), float32 (B,), multiples of 2^-24.

        With one coefficient for each batch, that at the first position is the batch's.
        """
        if self.per_sample:
            return self.stream.coefficients(positions)
        return self.stream.coefficients(positions[:1]).expand(len(positions))

    def relabel(
        self, coefficient: Any, labels_1: Any, labels_2: Any, *, positions: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return labels of mixtures that were made elsewhere, such as by timm, torchvision or keras.

        Parameters
        ----------
        coefficient
            Share of the first image of each mixture, 0 to 1: one number, or (B,).
        labels_1, labels_2
            Labels of both images, (B,) or (B, K): tensors, arrays or lists.
        positions
            int64 (B,): where the stream is read, which uncertainty="sample" alone does; `None` is its next ones.

        Returns
        -------
        torch.Tensor
            (B, K), on the device of `labels_1`; float32, or of their floating type.

        Raises
        ------
        PerceptionError
            If the labels are of other classes, their numbers differ, or a coefficient is outside 0 to 1 (checked on
            the processor alone).
        """
        one = torch.as_tensor(labels_1)
        two = torch.as_tensor(labels_2, device=one.device)
        if one.shape != two.shape:
            msg = f"labels of both images are of one shape, and not {tuple(one.shape)} and {tuple(two.shape)}"
            raise PerceptionError(msg)
        n_classes = check_labels(one, self.n_classes, self.classes)
        check_labels(two, self.n_classes, self.classes)
        share = check_coefficient(coefficient)
        if share.ndim > 1 or (share.ndim == 1 and len(share) not in {1, len(one)}):
            msg = f"the coefficient is one number or one for each of {len(one)} labels, not {tuple(share.shape)}"
            raise PerceptionError(msg)
        if self.answers is not None and positions is None:
            positions = self.stream.advance(len(one), one.device)
        return self._label(share.to(one.device).expand(len(one)), one, two, n_classes, positions)

    def share(self, coefficient: Any, class_1: Any, class_2: Any) -> torch.Tensor:
        """Return the share of class_1 that people see in mixtures with class_2, on average.

        Parameters
        ----------
        coefficient
            Share of the image of class_1, 0 to 1.
        class_1, class_2
            Codes or names of classes. All three are broadcast against each other.

        Returns
        -------
        torch.Tensor
            float32 of the shape that they have together.

        Examples
        --------
        >>> float(HumanMixup(None, classes=["cat", "dog"]).share(0.25, "cat", "dog"))
        0.25
        """
        given = check_coefficient(coefficient)
        one, two = (class_codes(codes, self.n_classes, self.classes).to(given.device) for codes in (class_1, class_2))
        given, one, two = torch.broadcast_tensors(given, one, two)  # type: ignore[no-untyped-call]
        return self._share(given.reshape(-1), one.reshape(-1), two.reshape(-1)).reshape(given.shape)

    def _share(self, coefficient: torch.Tensor, one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
        """Return the mean share of the first class; float32 (B,)."""
        if self.table is None:
            return coefficient
        table = at(self.table, coefficient.device)
        return (symmetric_share if self.symmetric else look_up)(table, coefficient, one, two)

    def _label(
        self,
        coefficient: torch.Tensor,
        one: torch.Tensor,
        two: torch.Tensor,
        n_classes: int,
        positions: torch.Tensor | None,
    ) -> torch.Tensor:
        device = coefficient.device
        dtype = one.dtype if one.dtype.is_floating_point else torch.float32
        rest = None
        if self.weights is not None:
            weight = interpolate(at(self.weights, device), coefficient)
            rest = Rest(weight, "all" if self.uncertainty == "confidence" else "others")
        if self.answers is not None and positions is not None:
            if one.ndim == 2:
                one = draw_classes(one.to(torch.float32), self.stream.numbers(positions, _CLASSES_1))
                two = draw_classes(two.to(torch.float32), self.stream.numbers(positions, _CLASSES_2))
            total = look_up(at(self.answers, device), coefficient, one, two)
            share = draw_answers(total, self.stream.numbers(positions, _ANSWERS))
            return labels_of_pairs(share, one, two, n_classes).to(dtype)
        if one.ndim == 1:
            share = self._share(coefficient, one, two)
            return labels_of_pairs(share, one, two, n_classes, rest)
        shares = None
        if self.table is not None:
            table = at(self.table, device)
            shares = (symmetric_shares if self.symmetric else interpolate)(table, coefficient)
        one, two = one.to(torch.float32), two.to(torch.float32)
        return labels_of_distributions(shares, coefficient, one, two, rest).to(dtype)

    def get_extra_state(self) -> dict[str, Any]:
        """Return the settings that a state goes with."""
        names = ("alpha", "per_sample", "symmetric", "ends", "uncertainty", "classes")
        return {name: getattr(self, name) for name in names}

    def set_extra_state(self, state: Mapping[str, Any]) -> None:
        """Check that a state is of the same settings.

        Raises
        ------
        ConfigurationError
            If one differs: it is named.
        """
        for name, ours in self.get_extra_state().items():
            if state.get(name) != ours:
                msg = f"the state is of another HumanMixup: its {name} is {state.get(name)!r}, here it is {ours!r}"
                raise ConfigurationError(msg, hint="make it with the options of the one that was saved")


def _picked(table: torch.Tensor, order: Sequence[int] | None) -> torch.Tensor:
    return table if order is None else table[:, order][:, :, order].contiguous()


def _check_batch(images: object, labels: object) -> None:
    if not (isinstance(images, torch.Tensor) and isinstance(labels, torch.Tensor)):
        msg = f"images and labels are tensors, and not {type(images).__name__} and {type(labels).__name__}"
        raise PerceptionError(msg, hint="torch.utils.data.default_collate makes tensors of samples")
    if images.shape[:1] != labels.shape[:1] or images.device != labels.device:
        both = " and ".join(f"{tuple(part.shape)} on {part.device}" for part in (images, labels))
        msg = f"images and labels are as many, on one device, and not {both}"
        raise PerceptionError(msg)
