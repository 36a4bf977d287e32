"""Scoring: metrics of trained networks on new pictures, on attacked ones, and on judged mixtures."""

from __future__ import annotations

import torch

from reliability.material import Material
from reliability.metrics import (
    accuracy,
    brier,
    expected_calibration_error,
    nll,
    soft_cross_entropy,
    temperature,
)
from reliability.network import Classifier
from reliability.settings import Settings
from reliability.training import Normalize, stacked

AT_ONCE = 500
"""Batch size of a stack of networks."""


def score(network: Classifier, material: Material, settings: Settings) -> list[dict[str, float]]:
    """Compute the metrics of each network of a stack.

    Parameters
    ----------
    network
        S networks, trained.
    material
        The pictures.
    settings
        Of the attack.

    Returns
    -------
    list of dict
        For each network, `reliability.metrics.METRICS` and the `temperature`, fitted to the calibration pictures.
    """
    test, held_out = material.test, material.held_out
    # Spread over all of them, which are ordered by class.
    n_attacked = min(settings.attacked, len(test))
    attacked = torch.arange(n_attacked) * len(test) // n_attacked
    logits = {
        "calibration": predict(network, material.calibration.images),
        "test": predict(network, test.images),
        "attacked": predict_attacked(network, test.images[attacked], test.labels[attacked], settings.attack),
        "people": predict(network, held_out.images),
    }
    return [
        _metrics({name: stack[place] for name, stack in logits.items()}, material, test.labels[attacked])
        for place in range(network.stack)
    ]


def _metrics(logits: dict[str, torch.Tensor], material: Material, attacked_labels: torch.Tensor) -> dict[str, float]:
    labels = material.test.labels
    fitted = temperature(logits["calibration"], material.calibration.labels)
    found = {"accuracy": accuracy(logits["test"], labels)}
    for prefix, divisor in (("", 1.0), ("scaled_", fitted)):
        test, people = (logits[name] / divisor for name in ("test", "people"))
        found[f"{prefix}nll"] = nll(test, labels)
        found[f"{prefix}ece"] = expected_calibration_error(test, labels)
        found[f"{prefix}brier"] = brier(test, labels)
        found[f"{prefix}people"] = soft_cross_entropy(people, material.held_out.soft_labels).item()
    found["attacked_accuracy"] = accuracy(logits["attacked"], attacked_labels)
    found["attacked_nll"] = nll(logits["attacked"], attacked_labels)
    return found | {"temperature": fitted}


def predict(network: Classifier, images: torch.Tensor) -> torch.Tensor:
    """Return the logits of each network, float64 (S, N, K) on the processor, of pictures uint8 (N, 3, H, W)."""
    with torch.no_grad():
        parts = [_logits(network, _channels_last(network, part)) for part in torch.split(images, AT_ONCE)]
    return torch.cat(parts, 1).double().cpu()


def predict_attacked(network: Classifier, images: torch.Tensor, labels: torch.Tensor, strength: float) -> torch.Tensor:
    """Return the logits of each network of pictures that were changed against it, by the fast gradient sign method.

    Parameters
    ----------
    network
        S networks.
    images, labels
        uint8 (N, 3, H, W), int64 (N,).
    strength
        How far each number of a picture is moved, of 0 to 1, in the direction that raises the loss; it stays within 0
        to 1.

    Returns
    -------
    torch.Tensor
        float64 (S, N, K), on the processor.

    Notes
    -----
    Source: Goodfellow et al., *Explaining and Harnessing Adversarial Examples*, ICLR 2015.
    """
    parts = []
    for part, own in zip(torch.split(images, AT_ONCE), torch.split(labels, AT_ONCE), strict=True):
        pictures = _channels_last(network, part).requires_grad_()
        logits = _logits(network, pictures)
        targets = torch.nn.functional.one_hot(own, logits.shape[-1]).to(logits)
        (slope,) = torch.autograd.grad(soft_cross_entropy(logits, targets).sum(), pictures)
        with torch.no_grad():
            changed = (pictures + 255 * strength * slope.sign()).clamp(0, 255)
            parts.append(_logits(network, changed))
    return torch.cat(parts, 1).double().cpu()


def _channels_last(network: Classifier, images: torch.Tensor) -> torch.Tensor:
    """Return pictures on the device, once for each network: float32 (S, B, H, W, 3), 0 to 255."""
    device = next(network.parameters()).device
    own = images.to(device).permute(0, 2, 3, 1).float()
    return own.expand(network.stack, *own.shape).clone()


def _logits(network: Classifier, images: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = network(stacked(Normalize(images.device)(images)))
    return logits
