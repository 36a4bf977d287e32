"""Tables in the cache of `datasets`: errors that say what to do, and repair of damage by preparing again."""

from __future__ import annotations

import errno
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets

from hmix_hub.errors import (
    CacheWarning,
    ConfigurationError,
    HMixError,
    SourceError,
    SourceMissingError,
    Where,
    first_line,
)
from hmix_hub.files import local_path

_HINT = "set another folder with cache_dir= or HF_HOME"
_SPLIT_HINT = "the split is 'train', or a slice of it; create others with hmix_hub.split"


class CachedTable(datasets.ArrowBasedBuilder):
    """Builder of one split, "train", that detects damage to its cached table and prepares it again.

    Parameters
    ----------
    cache_dir
        A local folder; `None`: the cache of `datasets`.
    **options
        Parameters of `datasets.DatasetBuilder`.

    Raises
    ------
    ConfigurationError
        If the cache is not a local folder.
    SourceMissingError
        If it cannot be written.
    """

    # A table in one piece, so that its columns can become tensors without a copy.
    DEFAULT_WRITER_BATCH_SIZE = 1_000_000

    def __init__(self, *, cache_dir: str | os.PathLike[str] | None = None, **options: Any) -> None:
        named = datasets.config.HF_DATASETS_CACHE if cache_dir is None else cache_dir
        path, folder = local_path(named), str(named)
        # The library would interpret these as addresses, or chains of them.
        if path is None or "://" in folder or "::" in folder:
            msg = f"the cache {folder!r} is not a local folder that datasets can use"
            raise ConfigurationError(msg, hint=f"{_HINT}: a path without :// and ::")
        options["cache_dir"] = None if cache_dir is None else str(path)
        try:
            super().__init__(**options)
        except HMixError:
            raise
        except OSError as error:
            raise _not_written(error, folder) from error
        except Exception as error:
            # Only the description of the cached table, read here, can still fail.
            damaged = getattr(self, "_cache_dir", None)
            if damaged is None or not os.path.isdir(damaged):
                raise
            _warn_damaged(damaged, error)
            shutil.rmtree(damaged, ignore_errors=True)
            super().__init__(**options)

    def load(self, split: Any, *, streaming: bool, options: Mapping[str, Any]) -> Any:
        """Return the table, prepared if necessary, or a stream of it; options are those of `datasets.load_dataset`."""
        if streaming:
            return self.as_streaming_dataset(split=split)
        names = ("num_proc", "download_mode", "verification_mode")
        self.download_and_prepare(**{name: options.get(name) for name in names})
        return self.as_dataset(split=split, in_memory=bool(options.get("keep_in_memory")))

    def download_and_prepare(self, *args: Any, **options: Any) -> None:
        """Prepare the table if necessary; nothing is left of one that cannot be prepared."""
        try:
            super().download_and_prepare(*args, **options)
        except Exception as error:
            raise _told(error, self.cache_dir) from error

    def as_dataset(self, split: Any = None, in_memory: bool = False) -> Any:
        """Return the prepared dataset, or a slice of it; a damaged table is prepared again."""
        try:
            whole = self._whole(in_memory)
        except Exception as error:
            if not os.path.isdir(self.cache_dir):
                # Nothing was prepared yet, as the error says.
                raise
            _warn_damaged(self.cache_dir, error)
            CachedTable.download_and_prepare(self, download_mode="force_redownload", verification_mode="no_checks")
            try:
                whole = self._whole(in_memory)
            except Exception as again:
                msg = f"the cached table cannot be read: {first_line(again)}"
                hint = f"delete this folder, or {_HINT}"
                raise SourceError(msg, where=Where(self.cache_dir), hint=hint) from again
        return slice_split(self._kept(whole), split)

    def as_streaming_dataset(self, split: Any = None, **options: Any) -> Any:
        """Return a stream of the rows; see `datasets.DatasetBuilder.as_streaming_dataset`."""
        try:
            return super().as_streaming_dataset(split, **options)
        except ValueError as error:
            if isinstance(error, HMixError):
                raise
            raise ConfigurationError(str(error), hint=f"{_SPLIT_HINT}; of a stream, .skip(n) and .take(n)") from None

    def _whole(self, in_memory: bool) -> datasets.Dataset:
        whole = super().as_dataset("train", in_memory=in_memory)
        expected = self.info.splits["train"].num_examples
        # A file truncated between two pieces reads without an error.
        if len(whole) != expected:
            msg = f"{len(whole)} of {expected} rows"
            raise ValueError(msg)
        return whole

    def _kept(self, whole: datasets.Dataset) -> datasets.Dataset:
        """Return the requested rows of the whole table: all."""
        return whole


def slice_split(dataset: datasets.Dataset, split: Any) -> Any:
    """Return the parts of a dataset, the split "train", for a requested split, like `datasets.load_dataset`.

    A split is "train" or "all", a slice of it, a `datasets.ReadInstruction`, a list or dict of these, or `None` for a
    dict of all splits.
    """
    if split is None:
        return datasets.DatasetDict({"train": dataset})
    if isinstance(split, list | tuple):
        return [slice_split(dataset, one) for one in split]
    if isinstance(split, dict):
        return datasets.DatasetDict({name: slice_split(dataset, one) for name, one in split.items()})
    if split in {"train", "all"}:
        # Unchanged: a selection of all rows would be another dataset for `datasets`, with its own fingerprint.
        return dataset
    n = len(dataset)
    try:
        asked = split if isinstance(split, datasets.ReadInstruction) else datasets.ReadInstruction.from_spec(split)
        ranges = asked.to_absolute({"train": n})
    except ValueError as error:
        raise ConfigurationError(str(error), hint=_SPLIT_HINT) from None
    parts = [dataset.select(range(part.from_ or 0, n if part.to is None else part.to)) for part in ranges]
    return parts[0] if len(parts) == 1 else datasets.concatenate_datasets(parts)


def _warn_damaged(folder: str, error: Exception) -> None:
    said = f"the cached table in {folder} is damaged ({first_line(error)}); preparing it again"
    warnings.warn(said, CacheWarning, stacklevel=3)


def _told(error: BaseException, folder: str) -> HMixError:
    """Return the package's error for one of `datasets`, which wraps causes in its own errors."""
    for cause in _causes(error):
        if isinstance(cause, HMixError):
            return cause
    for cause in _causes(error):
        if isinstance(cause, OSError):
            return _not_written(cause, folder)
    first = list(_causes(error))[-1]
    msg = f"the table could not be prepared: {first_line(first)}"
    return SourceError(msg, where=Where(folder), hint=f'try again with download_mode="force_redownload", or {_HINT}')


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _not_written(error: OSError, folder: str) -> SourceMissingError:
    said = error.strerror or first_line(error)
    is_full = error.errno == errno.ENOSPC or "No space left" in said or "Not enough disk space" in said
    place = Path(os.fspath(error.filename)) if isinstance(error.filename, str | os.PathLike) else Path(folder)
    msg = f"the table cannot be written to the cache, and no part of it was kept: {said}"
    hint = f"free some space, or {_HINT}" if is_full else _HINT
    return SourceMissingError(msg, where=Where(str(place)), hint=hint)
