"""Metrics: how good and how honest the probabilities of a classifier are."""

from __future__ import annotations

import math

import torch

BINS = 15
"""Bins of confidence in the expected calibration error, of equal width."""
METRICS = {
    "accuracy": "accuracy",
    "nll": "NLL",
    "ece": "ECE",
    "brier": "Brier",
    "scaled_nll": "NLL, scaled",
    "scaled_ece": "ECE, scaled",
    "scaled_brier": "Brier, scaled",
    "attacked_accuracy": "accuracy, FGSM",
    "attacked_nll": "NLL, FGSM",
    "people": "cross-entropy to people",
    "scaled_people": "cross-entropy to people, scaled",
}
"""What is reported, by name, with its title; "scaled" is after temperature scaling."""
MORE_IS_BETTER = frozenset({"accuracy", "attacked_accuracy"})


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the share of right answers.

    Parameters
    ----------
    logits
        Floating (N, K).
    labels
        int64 (N,), 0 to K - 1.
    """
    return (logits.argmax(1) == labels).double().mean().item()


def nll(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the mean negative log likelihood of the labels, in nats."""
    return torch.nn.functional.cross_entropy(logits.double(), labels).item()


def soft_cross_entropy(logits: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy to soft labels (..., K), mean over all but the last two dimensions' rows, in nats.

    Parameters
    ----------
    logits, shares
        Floating (..., N, K); each row of `shares` sums to 1.

    Returns
    -------
    torch.Tensor
        Floating (...): the mean over the N rows.
    """
    return -(shares * logits.log_softmax(-1)).sum(-1).mean(-1)


def brier(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the Brier score, 0 to 2: the squared distance of probabilities and one-hot label, mean over rows."""
    probabilities = logits.double().softmax(1)
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1])
    return (probabilities - one_hot).square().sum(1).mean().item()


def expected_calibration_error(logits: torch.Tensor, labels: torch.Tensor, bins: int = BINS) -> float:
    """Return the expected calibration error, 0 to 1.

    Rows are binned by the probability of their most probable class, bins closed above; in each, the distance of mean
    probability and accuracy counts by its share of rows.

    Notes
    -----
    Source: Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017.
    """
    probability, answer = logits.double().softmax(1).max(1)
    place = (probability * bins).ceil().long().clamp(1, bins) - 1
    gap = (answer == labels).double() - probability
    return torch.zeros(bins, dtype=torch.float64).index_add_(0, place, gap).abs().sum().item() / len(labels)


def temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Fit the temperature that logits are divided by, for the smallest NLL of the labels.

    The NLL is convex in 1 / T, so that the sign of its slope tells the side of the optimum; T is within 0.001 to 1000.

    Parameters
    ----------
    logits, labels
        Of pictures that are neither trained on nor tested on.
    """
    logits = logits.double()
    right = logits.gather(1, labels[:, None])[:, 0]
    low, high = math.log(1e-3), math.log(1e3)
    for _ in range(60):
        middle = (low + high) / 2
        expected = ((logits * math.exp(middle)).softmax(1) * logits).sum(1)
        if (expected - right).mean().item() > 0:
            high = middle
        else:
            low = middle
    return math.exp(-(low + high) / 2)
