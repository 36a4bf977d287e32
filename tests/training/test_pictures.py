"""Pictures of batches: gathered and scaled, the same on the processor and on an accelerator; and kept in a file."""

import dataclasses
import errno
import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import SpaceError
from hmix_hub.loading.pictures import mixtures_in, open_image_sets
from hmix_hub.training import drawn, windows
from hmix_hub.training import pictures as training_pictures
from hmix_hub.training.drawn import KeptPictures
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


@pytest.mark.parametrize("fresh", [0, 1 << 22])
@pytest.mark.parametrize("size", [(32, 32), *SIZES])
@pytest.mark.parametrize("normalize", [None, "cifar10", ((0.1, -0.2, 0.3), (0.7, 1.3, 0.011))])
def test_one_pass_gives_the_numbers_of_two_to_the_last_bit(normalize, size, fresh, monkeypatch):
    monkeypatch.setattr(training_pictures, "FRESH_NUMBERS", fresh)
    plain = pictures_of(size, scaling_of(torch.float32, normalize))
    fixed = Pictures.fixed(plain.table, plain.of_row, plain.scaling)
    assert torch.equal(fixed.table, plain.table)
    for n in (0, 1, 500):
        numbers = torch.randint(0, 300, (n,))
        for pictures in (fixed, pickle.loads(pickle.dumps(fixed))):
            assert torch.equal(pictures.take(numbers), plain.take(numbers))


@pytest.mark.parametrize("fault", [AttributeError, NotImplementedError, RuntimeError])
def test_without_the_operation_there_are_two_passes(fault, monkeypatch):
    def fail(*_):
        raise fault

    monkeypatch.setattr(training_pictures, "take_channels", fail)
    training_pictures.has_one_pass.cache_clear()
    plain = pictures_of((4, 4), scaling_of(torch.float32, "cifar10"))
    fixed = Pictures.fixed(plain.table, plain.of_row, plain.scaling)
    training_pictures.has_one_pass.cache_clear()
    assert fixed.channels is None
    assert torch.equal(fixed.take(fixed.of_row), plain.take(plain.of_row))


@pytest.mark.parametrize("size", SIZES)
def test_bytes_stay_bytes(size):
    pictures = pictures_of(size, scaling_of(torch.uint8, None))
    numbers = torch.randint(0, 300, (500,))
    for taken in (pictures.take(numbers), pictures.take_on_accelerator(numbers)):
        assert torch.equal(taken, pictures.table[numbers])


def kept_pictures(most, spare=4):
    return KeptPictures((2, 2), most, spare, scaling_of(torch.uint8, None), torch.device("cpu"))


def keys_and_pictures(numbers):
    numbers = np.array(numbers, dtype=np.int64)
    pictures = np.broadcast_to(numbers[:, None, None, None] % 251, (len(numbers), 3, 2, 2)).astype(np.uint8)
    return np.stack([numbers, numbers // 3, -numbers], axis=1), pictures


@given(st.lists(st.lists(st.integers(0, 2**31), max_size=20), max_size=5), st.integers(1, 60))
def test_a_picture_that_is_kept_is_found_by_its_key(turns, most):
    kept, known = kept_pictures(most, spare=20), {}
    for turn in turns:
        keys, pictures = keys_and_pictures([number for number in dict.fromkeys(turn) if number not in known])
        places = kept.keep(keys, pictures)
        assert torch.equal(kept.take(places), torch.from_numpy(pictures))
        known |= {int(key): place for key, place in zip(keys[:, 0], places.tolist(), strict=True) if place >= 20}
    everything = [*known, 2**31 + 5]
    keys, pictures = keys_and_pictures(everything)
    places = kept.find(keys)
    assert places.tolist() == [*known.values(), -1]
    assert torch.equal(kept.take(places[:-1]), torch.from_numpy(pictures[:-1]))
    assert len(known) == min(most, len({number for turn in turns for number in turn}))


def test_the_file_of_kept_pictures_stands_in_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn.tempfile, "tempdir", str(tmp_path))
    kept = kept_pictures(100)
    assert not list(tmp_path.iterdir())
    assert kept.take(kept.keep(*keys_and_pictures([7])))[0, 0, 0, 0] == 7
    assert pickle.loads(pickle.dumps(kept)).find(keys_and_pictures([7])[0]).tolist() == [-1]


class FullDisk:
    """A file on a disk that has room for so many bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        if self.file.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(data)

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_with_a_full_disk_pictures_are_drawn_each_time(load_sample, monkeypatch):
    dataset = load_sample()
    temporary_file = drawn.tempfile.TemporaryFile
    monkeypatch.setattr(
        drawn.tempfile, "TemporaryFile", lambda **options: FullDisk(temporary_file(**options), 700 * 3072)
    )
    monkeypatch.setattr(windows.Wanted, "rows_at_once", lambda *_: 100)
    expected = hmix_hub.batches(dataset, 100)
    for _ in range(2):
        for ours, theirs in zip(hmix_hub.batches(dataset, 100, keep_in_memory=False), expected, strict=True):
            assert torch.equal(ours["image"], theirs["image"])
        expected.set_epoch(0)
    monkeypatch.setattr(drawn.tempfile, "TemporaryFile", lambda **options: FullDisk(temporary_file(**options), 1000))
    with pytest.raises(SpaceError, match="No space left on device"):
        next(iter(hmix_hub.batches(dataset, 100, keep_in_memory=False)))


@pytest.mark.parametrize("move", ["pickle", "fork"])
def test_another_process_keeps_pictures_of_its_own(move, load_sample, monkeypatch):
    loader = hmix_hub.batches(load_sample(), 100, keep_in_memory=False, buffer_size=300)
    batches = iter(loader)
    first = next(batches)["image"]
    if move == "fork":
        monkeypatch.setattr(drawn.os, "getpid", lambda: -1)
    else:
        loader = pickle.loads(pickle.dumps(loader))
    kept = loader._rows._kept
    assert torch.equal(next(iter(loader))["image"], first)
    assert kept.opened == (2 if move == "fork" else 1)
    assert len(kept.find(kept._keys[:100])) == 100


def test_image_sets_that_come_with_a_later_window_have_pictures_of_their_own(load_sample, tmp_path):
    dataset = load_sample().select(range(40))
    mixtures = mixtures_in(dataset, "infer_mixing_factor")
    kept = KeptPictures((32, 32), 100, 100, scaling_of(torch.uint8, None), torch.device("cpu"))
    opened = open_image_sets(dataset)
    (name,) = opened
    every = torch.from_numpy(mixtures.of_row)
    shown = drawn.drawn_of(mixtures, opened, "mixed", kept)["image"].take(every)
    np.save(tmp_path / "dark.npy", np.zeros_like(opened[name].pictures))
    dark = dataclasses.replace(opened[name], name="dark", path=tmp_path / "dark.npy")
    in_the_dark = dataclasses.replace(mixtures, set_names=["dark"])
    assert not drawn.drawn_of(in_the_dark, {"dark": dark, **opened}, "mixed", kept)["image"].take(every).any()
    assert torch.equal(drawn.drawn_of(mixtures, opened, "mixed", kept)["image"].take(every), shown)


@pytest.mark.parametrize("images", ["mixed", "endpoints"])
def test_pictures_are_drawn_once_as_long_as_there_is_room(images, load_sample, monkeypatch):
    calls = []
    for name in ("draw", "take_endpoints"):
        real = getattr(drawn, name)

        def counted(mixtures, image_sets, *numbers, size, real=real):
            calls.extend(numbers[-1].tolist())
            return real(mixtures, image_sets, *numbers, size=size)

        monkeypatch.setattr(drawn, name, counted)
    dataset = load_sample()
    loader = hmix_hub.batches(dataset, 64, images=images, keep_in_memory=False, buffer_size=200)
    for _ in range(2):
        list(loader)
    distinct = set(dataset["stimulus_id"][:])
    if images == "endpoints":
        distinct = {index for i in (1, 2) for index in dataset[f"image_{i}_index"][:]}
    assert len(calls) == len(distinct)
