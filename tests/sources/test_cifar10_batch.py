import builtins
import os
import pickle

import numpy as np
import pytest

from hmix_hub.errors import SourceError
from hmix_hub.sources.cifar10_batch import read_batch

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
LABELS = [3, 0, 9]

# What Python 2 and its numpy wrote: byte strings, and an array's state with its bytes as they are.
PYTHON_2 = (
    b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b"
    b"\x87Rq\x05(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xff"
    b"J\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00"
    + bytes(range(256))
    * 12
    + b"tbU\x06labels]q\x08K\x07aU\x0bbatch_label"
    b"U\x01xu."
)


class Calls:
    """Pickles to a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_batch_gives_pictures_and_labels(batch_of):
    pictures, labels = read_batch(batch_of(PICTURES, LABELS))
    assert np.array_equal(pictures, PICTURES)
    assert pictures.dtype == np.uint8
    assert labels.tolist() == LABELS
    assert labels.dtype == np.int64


def test_a_batch_of_python_2_is_read():
    pictures, labels = read_batch(PYTHON_2)
    assert pictures.shape == (1, 32, 32, 3)
    assert pictures.transpose(0, 3, 1, 2).tobytes() == bytes(range(256)) * 12
    assert labels.tolist() == [7]


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_keys_may_be_text_and_the_protocol_newer(batch_of, protocol):
    pictures, _ = read_batch(batch_of(PICTURES, LABELS, protocol=protocol, keys=("data", "labels")))
    assert np.array_equal(pictures, PICTURES)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("function", "argument", "named"),
    [
        (os.system, "touch {}", "posix.system"),
        (builtins.eval, "open({!r}, 'w')", r"builtin\w*\.eval"),
        (np.load, "{}", r"numpy\S*\.load"),
        (np.random.seed, 0, "RandomState|random"),
    ],
)
def test_whatever_a_pickle_names_is_refused_by_name_and_never_called(tmp_path, function, argument, named, protocol):
    made = tmp_path / "made"
    argument = argument.format(made) if isinstance(argument, str) else argument
    with pytest.raises(SourceError, match=named):
        read_batch(pickle.dumps({b"data": Calls(function, argument)}, protocol=protocol))
    assert not made.exists()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x02.", id="nothing on the stack"),
        pytest.param(b"not a pickle", id="text"),
        pytest.param(b"\x80\x02" + b"]" * 10 + b"a" * 100 + b".", id="more taken than given"),
        pytest.param(b"\x80\x02)" + b"\x85" * 1_000_000 + b".", id="nested a million deep"),
        pytest.param(b"\x80\x02})" + b"\x85" * 1_000_000 + b"K\x00s.", id="a nested key"),
        pytest.param(b"\x80\x02Nr\xff\xff\xff\x7f.", id="a memo of gigabytes"),
        pytest.param(b"\x80\x02T\xff\xff\xff\x7fab.", id="a string of gigabytes"),
        pytest.param(b"\x80\x02\x82\x01.", id="an extension"),
        pytest.param(b"\x80\x02Pname\n.", id="a persistent id"),
        pytest.param(b"\x80\x02cnumpy\nndarray\n)\x81.", id="a new object"),
        pytest.param(b"\x80\x02cnumpy\nndarray\n)R.", id="a call of the array type"),
        pytest.param(b"\x80\x02c_codecs\nencode\nN}X\x08\x00\x00\x00__code__Ns\x86b.", id="a changed function"),
        pytest.param(b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x04\x00\x00\x00utf8\x86R.", id="other encoding"),
    ],
)
def test_a_damaged_or_hostile_pickle_is_an_error_of_ours(content):
    with pytest.raises(SourceError, match="not a batch of CIFAR-10"):
        read_batch(content)


@pytest.mark.parametrize("kept", [1, 20, 200, 5000, -1])
def test_a_truncated_batch_is_refused(batch_of, kept):
    with pytest.raises(SourceError, match="truncated"):
        read_batch(batch_of(PICTURES, LABELS)[:kept])


def test_bytes_that_grow_when_they_are_read_are_refused(monkeypatch, batch_of):
    monkeypatch.setattr("hmix_hub.sources.cifar10_batch.CONTENT_LIMIT", 25_000)
    content = batch_of(PICTURES, LABELS)
    assert len(content) < 25_000
    assert len(read_batch(content)[0]) == 3
    encode = b"h\x00h\x01X\x06\x00\x00\x00latin1\x86R"
    text = b"c_codecs\nencode\nq\x00X\x10\x27\x00\x00" + b"a" * 10_000 + b"q\x01"
    with pytest.raises(SourceError, match="grows"):
        read_batch(b"\x80\x02" + text + encode * 3 + b".")


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        ([], "holds a list"),
        ({}, "no array"),
        ({"data": np.zeros((2, 3072)), "labels": [0, 1]}, "not uint8"),
        ({"data": np.zeros((2, 3073), np.uint8), "labels": [0, 1]}, "not \\(n, 3072\\)"),
        ({"data": np.zeros((3072,), np.uint8), "labels": [0, 1]}, "not \\(n, 3072\\)"),
        ({"data": np.zeros((2, 3072), np.uint8, order="F"), "labels": [0, 1]}, "row by row"),
        ({"data": np.zeros((2, 3072), np.uint8)}, "labels are not a list of 2"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0]}, "labels are not a list of 2"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0, 10]}, "label of row 1"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [0, "1"]}, "label of row 1"),
        ({"data": np.array([[{}] * 3072]), "labels": [0]}, "not uint8"),
    ],
)
def test_an_array_of_another_form_is_refused(batch, reason):
    with pytest.raises(SourceError, match=reason):
        read_batch(pickle.dumps(batch, protocol=2))
