"""Mixup with labels that match people's perception of the mixtures: `hmix_hub.HumanMixup`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from hmix_hub.errors import ConfigurationError, PerceptionError
from hmix_hub.perception import mixup_options as options
from hmix_hub.perception.mixture_labels import (
    Rest,
    as_labels,
    check_batch,
    check_coefficient,
    check_labels,
    class_codes,
    collated,
    draw_answers,
    draw_classes,
    labels_of_distributions,
    labels_of_pairs,
    look_up,
    pair_shares,
    symmetric_share,
)
from hmix_hub.perception.share_table import SharesModel, answer_table, curve_table, outermost_of, share_table
from hmix_hub.perception.stream import CoefficientStream, ExactModule, at, interpolate
from hmix_hub.rendering import to_floating

_ANSWERS, _CLASSES_1, _CLASSES_2 = 1, 2, 3
"""Streams of random numbers in addition to that of the coefficients."""


class HumanMixup(ExactModule):
    """Mixup with labels that match what people perceive in the mixtures, instead of the mixing coefficients.

    A drop-in replacement for torchvision's `v2.MixUp`: `images, labels = mixup(images, labels)`. Each image is mixed
    with the previous one in the batch, the first with the last: `coefficient * image + (1 - coefficient) * previous`.

    Parameters
    ----------
    model
        An `hmix_hub.PerceptualModel`, or any object with `classes` (K names) and `shares(coefficients)`. `None` or
        "identity" for the labels of plain mixup.
    alpha
        Coefficients are drawn from Beta(alpha, alpha), rounded to multiples of 2^-24.
    per_sample
        Whether to draw one coefficient per image rather than one per batch, as `v2.MixUp` does.
    symmetric
        Whether to average over both orders of the two images, so that labels do not depend on the order. Otherwise, the
        image of the batch is image 1 and its partner image 2, including the model's bias towards either.
    ends
        How to extrapolate beyond the coefficients shown to participants, in H-Mix .1 to .9. "pinned": an unmixed image
        (coefficient 0 or 1) has exactly its own class, and shares are linear from there to the outermost shown
        coefficient. "model": the model's curve, which gives an unmixed image a share below 1.
    uncertainty
        Uncertainty to express in labels, in addition to the shares of the two classes:

        * `None`: none. The label is the mean answer.
        * "confidence": the authors' smoothing, by the mean confidence at the coefficient. A label y over K classes
          becomes `(K y + k) / (K + K k)` with `k = 50 * 1e-4 ** confidence`.
        * "outside": the mean mass that participants of the categorical task put on other classes at the coefficient,
          divided equally among these.
        * "sample": the answer of one participant, drawn from the model's predictive distribution.

        A `ConfidenceCurve` or `OutsideCurve` replaces the model's own. Mixtures of a class with itself, and unmixed
        images with pinned ends, stay one-hot, since nobody judged them.
    seed
        Seed of the coefficients, 0 or more. By default, drawn from torch's default generator, so that
        `torch.manual_seed` determines it.
    classes
        Class names in the order of the label codes; defaults to the model's order. Without a model, their number is
        enough, and needed only for labels of shape (B,).

    Raises
    ------
    ConfigurationError
        If an option is invalid, or the model lacks what it requires.
    PerceptionError
        If the model's shares are not numbers from 0 to 1.
    SchemaError
        If the model does not know a class.

    Notes
    -----
    In floating point, it holds exactly that `share(c, i, j) + share(1 - c, j, i) == 1` if symmetric, that two images of
    one class give a one-hot label, and that rows sum to 1 without uncertainty (with it, up to rounding).

    Random numbers are a function of the seed and a position, so they are the same on all devices, and the state of
    their stream in `state_dict` is one integer. In distributed training, give each process its own seed. Move the
    module to the device of the images, or its tables are copied there in every call. The host never waits for the GPU.

    Examples
    --------
    >>> import hmix_hub, torch
    >>> dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> model = hmix_hub.PerceptualModel.fit(dataset, people=False)
    >>> mixup = hmix_hub.HumanMixup(model, alpha=1.0, seed=0)
    >>> images, labels = mixup.collate([(torch.rand(3, 32, 32), label) for label in range(8)])
    >>> images, labels = mixup(torch.rand(8, 3, 32, 32), torch.arange(8))
    >>> images.shape, labels.shape, mixup.coefficients(1).shape, mixup.coefficients_at(torch.arange(2)).shape
    (torch.Size([8, 3, 32, 32]), torch.Size([8, 10]), torch.Size([1]), torch.Size([2]))
    """

    table: torch.Tensor | None
    weights: torch.Tensor | None
    answers: torch.Tensor | None

    def __init__(  # noqa: PLR0917 - alpha comes second, as it comes first in v2.MixUp
        self,
        model: SharesModel | str | None,
        alpha: float = 1.0,
        per_sample: bool = True,
        symmetric: bool = True,
        ends: str = "pinned",
        uncertainty: options.Uncertainty = None,
        seed: int | None = None,
        *,
        classes: Sequence[str] | int | None = None,
    ) -> None:
        super().__init__()
        self.alpha = options.check_alpha(alpha)
        self.per_sample, self.symmetric = bool(per_sample), bool(symmetric)
        self.ends = options.check_ends(ends)
        known = options.check_model(model)
        curve = options.curve_of(uncertainty, known)
        self.uncertainty = options.name_of(uncertainty)
        self.classes, self.n_classes, order = options.order_of(known, classes)
        options.check_others(self.uncertainty, self.n_classes)
        self.stream = CoefficientStream(self.alpha, options.check_seed(seed))
        table = None if known is None else share_table(known, symmetric=self.symmetric, ends=ends)
        answers = None
        if self.uncertainty == "sample":
            answers = _picked(answer_table(known, symmetric=self.symmetric, ends=ends), order)
        self.register_buffer("table", None if table is None else _picked(table, order))
        self.register_buffer("answers", answers)
        outermost = curve.coefficients[-1] if curve is not None and known is None else outermost_of(known)
        weights = None if curve is None else curve_table(options.weight_of(curve), ends, outermost)
        self.register_buffer("weights", weights)

    def extra_repr(self) -> str:
        """Return the settings for `repr`."""
        of = "identity" if self.table is None else f"{self.n_classes} classes"
        return (
            f"{of}, alpha={self.alpha:g}, per_sample={self.per_sample}, symmetric={self.symmetric}, "
            f"ends={self.ends!r}, uncertainty={self.uncertainty!r}"
        )

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mix a batch and label the mixtures.

        Parameters
        ----------
        images
            (B, ...), floating, or uint8, which is scaled to 0 to 1. A batch of one image is mixed with itself.
        labels
            (B,), integer class codes; or (B, K), distributions over the classes. On the same device as the images.

        Returns
        -------
        tuple
            Images of the same shape and dtype (float32 for uint8), and labels (B, K) of the same dtype (float32 for
            integers). The inputs are not modified.

        Raises
        ------
        PerceptionError
            If the labels do not fit the model's classes, or shapes or devices do not match. Values of labels are
            checked on the CPU only.
        """
        check_batch(images, labels)
        n_classes = check_labels(labels, self.n_classes, self.classes)
        positions = self.stream.advance(len(images), images.device)
        coefficient = self.coefficients_at(positions)
        pictures = to_floating(images)
        share = coefficient.to(pictures.dtype).reshape(-1, *[1] * (pictures.ndim - 1))
        mixed = pictures.roll(1, 0).lerp_(pictures, share)
        return mixed, self._label(coefficient, labels, labels.roll(1, 0), n_classes, positions)

    def collate(self, samples: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor]:
        """Collate pairs of an image and a label into a mixed batch: a `collate_fn` for `DataLoader`.

        In worker processes, coefficients follow the worker's seed, which the loader draws in each epoch from its own
        generator or torch's; the state of this module in the main process does not change.
        """
        return self(*collated(samples))

    def coefficients(self, n: int, device: torch.device | str | None = None) -> torch.Tensor:
        """Return the next n coefficients, float32 (n,), for mixing other data; see `relabel`."""
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            msg = f"the number of coefficients must be an integer of at least 0, not {n!r}"
            raise PerceptionError(msg)
        return self.coefficients_at(self.stream.advance(n, None if device is None else torch.device(device)))

    def coefficients_at(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the coefficients at positions of the stream, int64 (B,); float32 (B,), multiples of 2^-24.

        With `per_sample=False`, all have the value at the first position.
        """
        if self.per_sample:
            return self.stream.coefficients(positions)
        return self.stream.coefficients(positions[:1]).expand(len(positions))

    def relabel(
        self, coefficient: Any, labels_1: Any, labels_2: Any, *, positions: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return labels for mixtures made by other libraries, such as timm, torchvision or keras.

        If a library returns soft labels instead of coefficients, the coefficient is the soft label of an image's own
        class; see the example.

        Parameters
        ----------
        coefficient
            Share of the first image in each mixture, 0 to 1: one number or (B,).
        labels_1, labels_2
            Labels of the two images, (B,) or (B, K): tensors, arrays or lists.
        positions
            int64 (B,): positions of the stream for uncertainty="sample"; defaults to the next ones.

        Returns
        -------
        torch.Tensor
            (B, K), on the device of `labels_1`; float32, or the dtype of floating labels.

        Raises
        ------
        PerceptionError
            If the labels do not fit the model's classes, shapes do not match, or a coefficient is outside 0 to 1.
            Values are checked on the CPU only.

        Examples
        --------
        >>> mixup = HumanMixup(None, classes=["cat", "dog"])
        >>> mixup.relabel(0.25, [0, 1], [1, 1])
        tensor([[0.2500, 0.7500],
                [0.0000, 1.0000]])

        timm's `Mixup` mixes each image with the one at the opposite end of the batch, `v2.MixUp` with the previous one
        (`labels.roll(1)`):

        >>> labels, soft = torch.tensor([0, 1]), torch.tensor([[0.75, 0.25], [0.25, 0.75]])
        >>> coefficient = soft.gather(1, labels[:, None]).squeeze(1)
        >>> mixup.relabel(coefficient, labels, labels.flip(0))
        tensor([[0.7500, 0.2500],
                [0.2500, 0.7500]])
        """
        one = as_labels(labels_1)
        two = as_labels(labels_2, one.device)
        if one.shape != two.shape:
            msg = f"labels_1 and labels_2 must have the same shape, not {tuple(one.shape)} and {tuple(two.shape)}"
            raise PerceptionError(msg)
        n_classes = check_labels(one, self.n_classes, self.classes)
        check_labels(two, self.n_classes, self.classes)
        share = check_coefficient(coefficient, len(one))
        if self.answers is not None and positions is None:
            positions = self.stream.advance(len(one), one.device)
        return self._label(share.to(one.device).expand(len(one)), one, two, n_classes, positions)

    def share(self, coefficient: Any, class_1: Any, class_2: Any) -> torch.Tensor:
        """Return the mean share of class_1 that people perceive in mixtures with class_2.

        Parameters
        ----------
        coefficient
            Share of the image of class_1, 0 to 1.
        class_1, class_2
            Class codes or names. All three are broadcast against each other.

        Returns
        -------
        torch.Tensor
            float32 of the broadcast shape.

        Examples
        --------
        >>> float(HumanMixup(None, classes=["cat", "dog"]).share(0.25, "cat", "dog"))
        0.25
        """
        given = check_coefficient(coefficient)
        one, two = (class_codes(codes, self.n_classes, self.classes).to(given.device) for codes in (class_1, class_2))
        try:
            given, one, two = torch.broadcast_tensors(given, one, two)  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            shapes = ", ".join(str(tuple(part.shape)) for part in (given, one, two))
            msg = f"coefficient, class_1 and class_2 cannot be broadcast: their shapes are {shapes}"
            raise PerceptionError(msg) from error
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
            shares = pair_shares(at(self.table, device), coefficient, symmetric=self.symmetric)
        one, two = one.to(torch.float32), two.to(torch.float32)
        return labels_of_distributions(shares, coefficient, one, two, rest).to(dtype)

    def get_extra_state(self) -> dict[str, Any]:
        """Return the settings that a state belongs to."""
        names = ("alpha", "per_sample", "symmetric", "ends", "uncertainty", "classes")
        return {name: getattr(self, name) for name in names}

    def set_extra_state(self, state: Mapping[str, Any]) -> None:
        """Check that a state belongs to the same settings.

        Raises
        ------
        ConfigurationError
            If a setting differs.
        """
        for name, ours in self.get_extra_state().items():
            if state.get(name) != ours:
                msg = f"the state belongs to another HumanMixup: {name} is {state.get(name)!r} in it, {ours!r} here"
                raise ConfigurationError(msg, hint="use the same options as for the saved HumanMixup")


def _picked(table: torch.Tensor, order: Sequence[int] | None) -> torch.Tensor:
    return table if order is None else table[:, order][:, :, order].contiguous()
