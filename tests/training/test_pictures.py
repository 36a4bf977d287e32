"""Scaling of pictures: the same on the processor and on an accelerator."""

import pytest
import torch

from hmix_hub.training.pictures import CIFAR10_MEAN_STD, Pictures, scaling_of


@pytest.mark.parametrize("normalize", [None, "cifar10"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_both_ways_to_scale_agree(normalize, dtype):
    pictures = torch.randint(0, 256, (300, 3, 8, 8), dtype=torch.uint8)
    rows, scaling = torch.arange(300), scaling_of(dtype, normalize)
    mean, std = CIFAR10_MEAN_STD if normalize else ((0, 0, 0), (1, 1, 1))
    exact = pictures.double() / 255 - torch.tensor(mean, dtype=torch.float64).view(3, 1, 1)
    exact /= torch.tensor(std, dtype=torch.float64).view(3, 1, 1)
    tolerance = 4 * torch.finfo(dtype).eps * max(1, exact.abs().max())
    for scaled in (Pictures(pictures, rows, scaling).take(rows), scaling.scale_by_channel(pictures)):
        assert scaled.dtype == dtype
        assert (scaled.double() - exact).abs().max() <= tolerance
