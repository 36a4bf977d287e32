"""Batches of CIFAR-10's original archive: pickles, read without running anything that they name."""

from __future__ import annotations

import io
import pickle
import pickletools

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError

CONTENT_LIMIT = 64 * 2**20
SIDE = 32
VALUES = 3 * SIDE * SIDE

_PLAIN = (
    "PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 BINSTRING SHORT_BINSTRING BINUNICODE "
    "SHORT_BINUNICODE BINBYTES SHORT_BINBYTES EMPTY_DICT EMPTY_LIST EMPTY_TUPLE SETITEM SETITEMS APPEND APPENDS "
    "BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET"
)
# A batch has about ten of these. Many of them are an attack: tuples nested deep enough overflow the C stack.
_RARE = "GLOBAL STACK_GLOBAL REDUCE BUILD TUPLE TUPLE1 TUPLE2 TUPLE3"
_RARE_LIMIT = 64
_MEMO_LIMIT = 1_000_000


def read_batch(content: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Read a batch of pictures.

    Parameters
    ----------
    content
        Bytes of a file such as `test_batch`: a pickled dict with `data`, uint8 (n, 3072), channel by channel, and
        `labels`, a list of n numbers.

    Returns
    -------
    tuple of numpy.ndarray
        uint8 (n, 32, 32, 3), red, green, blue; and the labels, int64 (n,), 0 to 9.

    Raises
    ------
    SourceError
        If it is anything else. Nothing that it names is imported or called.
    """
    try:
        _look_through(content)
        batch = _Reader(content).load()
        return _parts(batch)
    except SourceError:
        raise
    # A pickle that somebody made can raise anything, MemoryError and RecursionError too.
    except Exception as error:
        reason = f"truncated or damaged ({type(error).__name__}: {error})"
        raise _refused(reason) from None


def _refused(reason: str) -> SourceError:
    hint = "take test_batch or data_batch_1 to data_batch_5 from the original archive, cifar-10-python.tar.gz"
    return SourceError(f"not a batch of CIFAR-10: {reason}", hint=hint)


def _look_through(content: bytes) -> None:
    """Refuse a pickle by its instructions alone, before any of them is followed."""
    if len(content) > CONTENT_LIMIT:
        reason = f"{len(content)} bytes, more than {CONTENT_LIMIT}"
        raise _refused(reason)
    plain, rare = set(_PLAIN.split()), set(_RARE.split())
    rarely = 0
    for instruction, argument, _ in pickletools.genops(content):
        name = instruction.name
        if name not in plain and name not in rare:
            reason = f"its pickle has the instruction {name}, which no batch needs"
            raise _refused(reason)
        # The memo is a C array as long as the largest index.
        if name == "LONG_BINPUT" and argument is not None and argument > _MEMO_LIMIT:
            reason = f"its pickle numbers an object {argument}"
            raise _refused(reason)
        rarely += name in rare
    if rarely > _RARE_LIMIT:
        reason = "its pickle is nested, or calls more than one array needs"
        raise _refused(reason)


class _Inert:
    """Stand-in for what a pickle names: it has no attribute that a pickle could set, and takes no state."""

    __slots__ = ()

    def __call__(self, *_arguments: object) -> object:
        reason = "its pickle calls what is only to be named"
        raise _refused(reason)

    def __setstate__(self, _state: object) -> None:
        reason = "its pickle changes what it names"
        raise _refused(reason)


class _Record:
    """Stand-in for a dtype or an array: notes how it was made and the state it was given."""

    __slots__ = ("arguments", "state")

    def __init__(self, arguments: tuple[object, ...]) -> None:
        self.arguments = arguments
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _DType(_Record):
    __slots__ = ()


class _Array(_Record):
    __slots__ = ()


class _MakeDType(_Inert):
    __slots__ = ()

    def __call__(self, *arguments: object) -> object:
        return _DType(arguments)


class _MakeArray(_Inert):
    __slots__ = ()

    def __call__(self, *arguments: object) -> object:
        return _Array(arguments)


class _Encode(_Inert):
    """Python 3 writes bytes of protocol 2 as text to be encoded; no more of it than a file can hold is encoded."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = CONTENT_LIMIT

    def __call__(self, *arguments: object) -> object:
        text, encoding = arguments
        if not isinstance(text, str) or encoding not in {"latin1", b"latin1"}:
            reason = "its pickle encodes something other than bytes"
            raise _refused(reason)
        self._left -= len(text)
        if self._left < 0:
            reason = "its pickle grows when it is read"
            raise _refused(reason)
        return text.encode("latin1")


class _Reader(pickle.Unpickler):
    """Unpickler to which the names of arrays mean stand-ins, and all other names an error."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        self._encode = _Encode()

    def find_class(self, module: str, name: str, /) -> object:
        """Give the stand-in for a name."""
        match module, name:
            case (("numpy.core.multiarray" | "numpy._core.multiarray"), "_reconstruct"):
                return _MakeArray()
            case "numpy", "dtype":
                return _MakeDType()
            case "numpy", "ndarray":
                return _Inert()
            case "_codecs", "encode":
                return self._encode
        reason = f"its pickle names {module}.{name}, which is refused"
        raise _refused(reason)


def _parts(batch: object) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    if type(batch) is not dict:
        reason = f"it holds a {type(batch).__name__}, not a dict"
        raise _refused(reason)
    data, labels = (batch.get(key.encode(), batch.get(key)) for key in ("data", "labels"))
    values = _values(data)
    if type(labels) is not list or len(labels) != len(values):
        reason = f"its labels are not a list of {len(values)} numbers"
        raise _refused(reason)
    for row, label in enumerate(labels):
        if type(label) is not int or not 0 <= label <= 9:
            reason = f"the label of row {row} is not a number from 0 to 9"
            raise _refused(reason)
    pictures = values.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pictures), np.array(labels, dtype=np.int64)


def _values(data: object) -> npt.NDArray[np.uint8]:
    """Give what an array's stand-in stands for, uint8 (n, 3072)."""
    if not isinstance(data, _Array) or not isinstance(data.state, tuple) or len(data.state) != 5:
        reason = "its data is no array"
        raise _refused(reason)
    _, shape, dtype, is_by_column, content = data.state
    if not isinstance(dtype, _DType) or dtype.arguments[:1] not in {("u1",), (b"u1",)}:
        reason = "its data is not uint8"
        raise _refused(reason)
    if type(shape) is not tuple or len(shape) != 2 or type(shape[0]) is not int or shape[1:] != (VALUES,):
        reason = f"its data is not (n, {VALUES})"
        raise _refused(reason)
    if is_by_column or type(content) is not bytes or len(content) != shape[0] * VALUES:
        reason = f"its data is not {shape[0]} rows of {VALUES} bytes, row by row"
        raise _refused(reason)
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, VALUES)
