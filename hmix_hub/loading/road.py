"""Loading by name: `hmix_hub.load_dataset`, through the builder class, without registration."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hmix_hub.builders.cached_table import slice_split
from hmix_hub.builders.h_mix import HMix
from hmix_hub.datasets_by_name import H_MIX, check_dataset
from hmix_hub.errors import ConfigurationError
from hmix_hub.filters import filter as keep
from hmix_hub.judgments.grammar import parse_filters
from hmix_hub.loading.joining import join
from hmix_hub.loading.pictures import add_images
from hmix_hub.loading.places import is_study_place, open_place
from hmix_hub.schema import CURRENT, check_version
from hmix_hub.schema import features as of_columns
from hmix_hub.summaries import by_stimulus
from hmix_hub.tables import task_of
from hmix_hub.tasks import DEFAULT_CONFIGURATION, TASKS, check_configuration

if TYPE_CHECKING:
    import datasets


_WITHOUT_MEANING = ("save_infos", "storage_options", "download_config", "trust_remote_code")
"""Arguments of `datasets.load_dataset` that nothing here depends on: they are taken, and do nothing."""


def load_dataset(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str] | datasets.Dataset] = H_MIX,
    name: str | None = None,
    *,
    split: str | Sequence[str] | None = None,
    streaming: bool = False,
    num_proc: int | None = None,
    schema_version: str = CURRENT,
    source: str | os.PathLike[str] | None = None,
    images: str | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    keep_in_memory: bool = False,
    download_mode: str | None = None,
    verification_mode: str | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    **filters: Any,
) -> Any:
    """Load human judgments of mixed images.

    `datasets.load_dataset` takes these arguments, too, once `hmix_hub` is imported; this one needs no registration with
    it, and joins several datasets.

    Parameters
    ----------
    path
        "h-mix"; a contributed study: its folder, or its repository on the Hub, "org/name"; or a list of these and of
        datasets already loaded, to be joined (see `join`; image columns are lost: ask for `images` here).
    name
        Configuration: a task, or a task by stimulus; `None` is "infer_mixing_factor", or the first that a study has.
        See `hmix list`.
    split
        "train"; a slice such as "train[:100]" or "train[:10%]" of the rows that the filters leave, or a list of
        slices; or `None` for a dict of all splits.
    streaming
        Whether to read row by row, without preparing a cache.
    num_proc
        Processes that prepare the cache; the released files are one shard each, so more than one is of no use.
    schema_version
        Version of the columns: "2.1.0" (default); "2.0.0", without what the released interfaces never stored; or
        "1.0.0" for the layout of the released files.
    source
        `None` (what HMIX_SOURCE names, else the release), "release", "sample" (the built-in synthetic study), the
        address of a mirror, or a folder with the released files. Files are verified when a table is prepared from them,
        and those of a folder at each load; a table is shared by all places, since they hold the same bytes.
    images
        "mixed": a column `image`, the picture that each row is about, to the last bit (see `render`); in the midpoint
        tasks the one selected. "endpoints": `image_1` and `image_2`. Both are `datasets.Image`, at the end of the
        columns. `None`: no pictures, and CIFAR-10 is not touched.
    cifar10
        Where CIFAR-10's pictures come from; see `render`.
    cache_dir
        Folder for the prepared tables; `None` is the cache of `datasets`.
    keep_in_memory
        Whether to copy the table into memory rather than map the file.
    download_mode, verification_mode
        As in `datasets`: "force_redownload" prepares the table again, "no_checks" does not count its rows.
    revision, token
        Of a study on the Hub: its version ("1.2.0"), a branch or a commit; and an access token, or whether to use the
        machine's. For "h-mix" they do nothing.
    **filters
        See `filter`.

    Returns
    -------
    datasets.Dataset or DatasetDict, or their streaming kin
        As `datasets.load_dataset` would return.

    Raises
    ------
    ConfigurationError, FilterError, SchemaVersionError, SourceError
        If what is asked for does not exist, cannot be read, or is not the file it should be.
    """
    for name_of_option in _WITHOUT_MEANING:
        filters.pop(name_of_option, None)
    # First, so that no option of a builder passes for a filter.
    parse_filters(filters)
    options = {"cache_dir": cache_dir, "keep_in_memory": keep_in_memory, "num_proc": num_proc}
    options |= {"download_mode": download_mode, "verification_mode": verification_mode}
    hub = {"revision": revision, "token": token}
    if isinstance(path, list | tuple):
        if streaming:
            msg = "several datasets cannot be joined in a stream"
            raise ConfigurationError(msg, hint="leave streaming out; the joined dataset is in memory")
        joined = _load_joined(path, name, filters, schema_version=schema_version, source=source, **options, **hub)
        if images is not None:
            joined = add_images(joined, images, cifar10=cifar10)
        return slice_split(joined, split)
    if path != H_MIX and is_study_place(path):
        if source is not None:
            msg = f"source= says where the files of {H_MIX} come from, and {os.fspath(path)!r} is a place itself"
            raise ConfigurationError(msg, hint="leave source out")
        from hmix_hub.loading.study_loading import load_study

        return load_study(
            path,
            name,
            split=split,
            streaming=streaming,
            schema_version=schema_version,
            images=images,
            cifar10=cifar10,
            revision=revision,
            token=token,
            options={key: value for key, value in options.items() if value is not None and value is not False},
            filters=filters,
        )
    check_dataset(path)
    builder = HMix(
        config_name=name,
        source=source,
        schema_version=schema_version,
        images=images,
        cifar10=cifar10,
        cache_dir=cache_dir,
        **filters,
    )
    if streaming:
        return builder.as_streaming_dataset(split=split)
    builder.download_and_prepare(num_proc=num_proc, download_mode=download_mode, verification_mode=verification_mode)
    return builder.as_dataset(split=split, in_memory=keep_in_memory)


def _load_joined(
    parts: Sequence[str | os.PathLike[str] | datasets.Dataset],
    name: str | None,
    filters: dict[str, Any],
    *,
    source: str | os.PathLike[str] | None,
    **options: Any,
) -> datasets.Dataset:
    """Load and join judgments; a by-stimulus table is computed over all of them, not pasted together."""
    configuration = check_configuration(name or _common_task(parts, options))
    loaded = [
        load_dataset(part, configuration.task, split="train", source=source if part == H_MIX else None, **options)
        if isinstance(part, str | os.PathLike)
        else part
        for part in parts
    ]
    joined = join(loaded)
    if name is not None and task_of(joined) != configuration.task:
        msg = f"the datasets hold {task_of(joined)}, and {name!r} was asked for"
        raise ConfigurationError(msg, hint="leave the configuration out, or join other datasets")
    return keep(by_stimulus(joined) if configuration.by_stimulus else joined, **filters)


def _common_task(parts: Sequence[str | os.PathLike[str] | datasets.Dataset], options: Mapping[str, Any]) -> str:
    """Give the task that is joined where none is named: the default one, or the only one that all parts have.

    Raises
    ------
    ConfigurationError
        If they have none in common, or several but not the default one.
    """
    named = [part for part in parts if isinstance(part, str | os.PathLike)]
    common = list(TASKS)
    for part in named:
        if part != H_MIX and is_study_place(part):
            place = open_place(part, revision=options.get("revision"), token=options.get("token"))
            common = [task for task in common if task in place.manifest.tasks]
    if DEFAULT_CONFIGURATION in common:
        return DEFAULT_CONFIGURATION
    if len(common) != 1:
        what = "several tasks" if common else "no task"
        msg = f"{', '.join(str(part) for part in named)} have {what} in common"
        raise ConfigurationError(msg, hint=f"name a task: {', '.join(common or TASKS)}")
    return common[0]


def features(name: str | None = None, schema_version: str = CURRENT) -> datasets.Features:
    """Return the Hugging Face features of a configuration of "h-mix".

    For data frames that lost their types use `hmix_hub.from_pandas(frame)`. These features restore them, too, where a
    frame has exactly the columns of the configuration, and codes for labels:
    `Dataset.from_pandas(frame, features=hmix_hub.features(name), preserve_index=False)`.

    Parameters
    ----------
    name
        Configuration; `None` is "infer_mixing_factor".
    schema_version
        Version of the columns.

    Raises
    ------
    ConfigurationError, SchemaVersionError
        If there is no such configuration or version.
    """
    return of_columns(check_configuration(name).columns(check_version(schema_version)))
