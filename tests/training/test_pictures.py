"""Pictures of batches: gathered and scaled, the same on the processor and on an accelerator."""

import pytest
import torch

from hmix_hub.training.pictures import CIFAR10_MEAN_STD, Pictures, scaling_of

SIZES = [(8, 8), (5, 7), (1, 1)]


def pictures_of(size, scaling):
    table = torch.randint(0, 256, (300, 3, *size), dtype=torch.uint8)
    return Pictures(table, torch.randperm(300), scaling)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("normalize", [None, "cifar10"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_both_ways_to_scale_agree(normalize, dtype, size):
    pictures = pictures_of(size, scaling_of(dtype, normalize))
    numbers = pictures.number(torch.randint(0, 300, (500,)))
    mean, std = CIFAR10_MEAN_STD if normalize else ((0, 0, 0), (1, 1, 1))
    exact = pictures.table[numbers].double() / 255 - torch.tensor(mean, dtype=torch.float64).view(3, 1, 1)
    exact /= torch.tensor(std, dtype=torch.float64).view(3, 1, 1)
    tolerance = 4 * torch.finfo(dtype).eps * max(1, exact.abs().max())
    for scaled in (pictures.take(numbers), pictures.take_on_accelerator(numbers)):
        assert scaled.dtype == dtype
        assert (scaled.double() - exact).abs().max() <= tolerance


@pytest.mark.parametrize("size", SIZES)
def test_bytes_stay_bytes(size):
    pictures = pictures_of(size, scaling_of(torch.uint8, None))
    numbers = torch.randint(0, 300, (500,))
    for taken in (pictures.take(numbers), pictures.take_on_accelerator(numbers)):
        assert torch.equal(taken, pictures.table[numbers])
