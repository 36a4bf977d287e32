"""Options of `hmix_hub.HumanMixup`: validation, and values taken from a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from hmix_hub import resampling
from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.perception.curves import ConfidenceCurve, OutsideCurve, SymmetricCurve
from hmix_hub.perception.share_table import ENDS, SharesModel
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import Floats

IDENTITY = "identity"
UNCERTAINTIES = ("confidence", "outside", "sample")
Uncertainty = str | ConfidenceCurve | OutsideCurve | None


def uniform_weight(confidence: Floats) -> Floats:
    """Return the weight of the uniform distribution in a label, 0 to 1, for a confidence of 0 to 1; same shape.

    Source: the authors' `(10 y + k) / (10 + 10 k)` with `k = 50 * 1e-4 ** confidence`, for ten classes. With K in place
    of 10 it reads `(K y + k) / (K + K k)`, which is `(1 - w) y + w / K` with `w = k / (1 + k)`.
    """
    k = 50 * 1e-4**confidence
    return np.asarray(k / (1 + k))


def check_alpha(alpha: float) -> float:
    """Check the parameter of the beta distribution."""
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not (math.isfinite(alpha) and alpha > 0):
        msg = f"alpha must be a number above 0, not {alpha!r}"
        raise ConfigurationError(msg, hint="1 draws coefficients uniformly, smaller values closer to 0 and 1")
    return float(alpha)


def check_seed(seed: int | None) -> int:
    """Check a seed; for `None`, draw one from torch's default generator."""
    if seed is None:
        return int(torch.randint(1 << 62, ()))
    return resampling.check_seed(seed)


def check_ends(ends: str) -> str:
    """Check the option `ends`."""
    if ends not in ENDS:
        msg = f"unknown ends {ends!r}"
        raise ConfigurationError(msg, hint=nearest(ends, ENDS, label="choices"))
    return ends


def check_model(model: object) -> SharesModel | None:
    """Check that a model can build a share table; return `None` for `None` and "identity", which mean plain mixup."""
    if model is None or (isinstance(model, str) and model == IDENTITY):
        return None
    if not (hasattr(model, "shares") and hasattr(model, "classes")):
        msg = f"a model needs `classes` and `shares(coefficients)`, but {model!r} does not have them"
        raise ConfigurationError(msg, hint='PerceptualModel.fit(dataset) returns one; use "identity" for plain mixup')
    found: SharesModel = model
    return found


def name_of(uncertainty: Uncertainty) -> str | None:
    """Return the name of an uncertainty; for a curve, the name of its type."""
    kinds: dict[type, str] = {ConfidenceCurve: "confidence", OutsideCurve: "outside"}
    return kinds.get(type(uncertainty), uncertainty if isinstance(uncertainty, str) else None)


def curve_of(uncertainty: Uncertainty, model: SharesModel | None) -> SymmetricCurve | None:
    """Return the caller's or the model's curve for an uncertainty; `None` if it needs none."""
    if uncertainty is None or isinstance(uncertainty, SymmetricCurve):
        return uncertainty
    if uncertainty not in UNCERTAINTIES:
        msg = f"unknown uncertainty {uncertainty!r}"
        raise ConfigurationError(msg, hint=nearest(uncertainty, UNCERTAINTIES, label="uncertainties"))
    if uncertainty == "sample":
        if model is None:
            msg = 'uncertainty="sample" draws answers from a model, but there is none'
            raise ConfigurationError(msg, hint="PerceptualModel.fit(dataset) returns one")
        return None
    curve: SymmetricCurve | None = getattr(model, uncertainty, None)
    if curve is None:
        msg = f"uncertainty={uncertainty!r} needs a curve that the model does not have"
        hints = {
            "confidence": "fit the model to judgments with confidences, or pass a ConfidenceCurve",
            "outside": "PerceptualModel.fit(dataset, categorical=...) fits one; or pass an OutsideCurve",
        }
        raise ConfigurationError(msg, hint=hints[uncertainty])
    return curve


def check_others(uncertainty: str | None, n_classes: int | None) -> None:
    """Check that there are classes besides the two of a mixture, if an uncertainty needs them."""
    if uncertainty == "outside" and (n_classes or 0) < 3:
        msg = 'uncertainty="outside" needs three or more classes'
        raise ConfigurationError(msg, hint="pass them as classes=, or choose another uncertainty")


def weight_of(curve: SymmetricCurve) -> Callable[[Floats], Floats]:
    """Return the mass that a curve takes from the two classes of a mixture, as a function of the coefficient."""
    return (lambda places: uniform_weight(curve(places))) if isinstance(curve, ConfidenceCurve) else curve


def order_of(
    model: SharesModel | None, classes: Sequence[str] | int | None
) -> tuple[tuple[str, ...] | None, int | None, list[int] | None]:
    """Return the class names in label order, their number, and the model's code of each."""
    if isinstance(classes, str | bool):
        msg = f"classes must be names or a number, not {classes!r}"
        raise ConfigurationError(msg, hint='for example classes=("cat", "dog") or classes=10')
    if classes is not None and not isinstance(classes, int) and not len(classes):
        classes = 0
    if isinstance(classes, int):
        if classes < 1 or (model is not None and classes != len(model.classes)):
            of = "a positive number" if model is None else f"the model's {len(model.classes)}"
            msg = f"the number of classes must be {of}, not {classes}"
            raise ConfigurationError(msg)
        return (None if model is None else tuple(model.classes)), classes, None
    names = None if classes is None else Vocabulary(tuple(str(name) for name in classes))
    if model is None:
        return (names.names, len(names), None) if names else (None, None, None)
    own = Vocabulary(tuple(model.classes))
    if names is None:
        return own.names, len(own), None
    return names.names, len(names), list(names.recode(own))
