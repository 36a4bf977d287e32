"""Networks: classifiers of 32 x 32 pictures, several of one kind stacked into one, each with weights of its own.

A stack of S networks is an ordinary module: its convolutions have S groups, its layers S times the channels. Small
networks keep an accelerator waiting for the next kernel; stacked, one kernel serves all of them. What one network of
the stack computes depends on its own weights and inputs alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import nn

CHANNELS = 3


class StackedLinear(nn.Module):
    """Linear layers of S networks; from (B, S * in) to (S, B, out)."""

    def __init__(self, stack: int, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(stack, n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(stack, 1, n_out))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        stack, n_in, _ = self.weight.shape
        return torch.baddbmm(self.bias, features.view(-1, stack, n_in).transpose(0, 1), self.weight)


class Classifier(nn.Module):
    """S networks in one.

    Parameters
    ----------
    stack
        S.
    body
        Takes (B, S * 3, H, W), gives (B, S * `width`, h, w).
    width
        Features of one network, averaged over the picture.
    n_classes
        K.
    """

    def __init__(self, stack: int, body: nn.Module, width: int, n_classes: int) -> None:
        super().__init__()
        self.stack = stack
        self.body = body
        self.head = StackedLinear(stack, width, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (S, B, K) of pictures (B, S * 3, H, W), normalized."""
        logits: torch.Tensor = self.head(self.body(images).mean((2, 3)))
        return logits


def _convolution(stack: int, n_in: int, n_out: int, *, size: int = 3, stride: int = 1) -> list[nn.Module]:
    """Return a convolution and its normalization."""
    convolution = nn.Conv2d(
        stack * n_in, stack * n_out, size, stride=stride, padding=size // 2, groups=stack, bias=False
    )
    return [convolution, nn.BatchNorm2d(stack * n_out)]


def _small(stack: int, n_classes: int) -> Classifier:
    layers: list[nn.Module] = []
    widths = (CHANNELS, 16, 32, 64)
    for n_in, n_out in itertools.pairwise(widths):
        layers += [*_convolution(stack, n_in, n_out, stride=2), nn.ReLU(inplace=True)]
    return Classifier(stack, nn.Sequential(*layers), widths[-1], n_classes)


def _vgg11(stack: int, n_classes: int) -> Classifier:
    layers: list[nn.Module] = []
    n_in = CHANNELS
    for block in ((64,), (128,), (256, 256), (512, 512), (512, 512)):
        for n_out in block:
            layers += [*_convolution(stack, n_in, n_out), nn.ReLU(inplace=True)]
            n_in = n_out
        layers.append(nn.MaxPool2d(2))
    return Classifier(stack, nn.Sequential(*layers), n_in, n_classes)


class _Residual(nn.Module):
    """Two convolutions parallel to a shortcut."""

    def __init__(self, stack: int, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            *_convolution(stack, n_in, n_out, stride=stride),
            nn.ReLU(inplace=True),
            *_convolution(stack, n_out, n_out),
        )
        is_same = stride == 1 and n_in == n_out
        self.shortcut = nn.Sequential(*([] if is_same else _convolution(stack, n_in, n_out, size=1, stride=stride)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the sum of both, rectified."""
        return torch.relu(self.path(images) + self.shortcut(images))


def _resnet34(stack: int, n_classes: int) -> Classifier:
    layers: list[nn.Module] = [*_convolution(stack, CHANNELS, 64), nn.ReLU(inplace=True)]
    n_in = 64
    for n_out, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for number in range(blocks):
            layers.append(_Residual(stack, n_in, n_out, 2 if number == 0 and n_out != 64 else 1))
            n_in = n_out
    return Classifier(stack, nn.Sequential(*layers), n_in, n_classes)


_MAKERS: dict[str, Callable[[int, int], Classifier]] = {"vgg11": _vgg11, "resnet34": _resnet34, "small": _small}
"""By name: makes a stack, of a size, for a number of classes. The two of the authors are fitted to 32 x 32 pictures:
no pooling before the first block, one linear layer after the last."""


def make_network(name: str, seeds: Sequence[int], n_classes: int) -> Classifier:
    """Return a stack of networks, the weights of each drawn from its own seed.

    Parameters
    ----------
    name
        One of `reliability.settings.NETWORKS`.
    seeds
        S seeds. The weights for a seed are the same in every stack.
    n_classes
        K.

    Notes
    -----
    Convolutions by He et al. (2015), "fan out"; the linear layer uniform within 1 / sqrt(in).
    """
    network = _MAKERS[name](len(seeds), n_classes)
    with torch.no_grad():
        for place, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(seed)
            for layer in network.modules():
                if isinstance(layer, nn.Conv2d):
                    own = layer.weight.view(len(seeds), -1, *layer.weight.shape[1:])[place]
                    own.normal_(0, math.sqrt(2 / (own.shape[0] * own[0, 0].numel())), generator=generator)
                elif isinstance(layer, StackedLinear):
                    bound = 1 / math.sqrt(layer.weight.shape[1])
                    layer.weight[place].uniform_(-bound, bound, generator=generator)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)
    return network
