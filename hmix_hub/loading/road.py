"""`hmix_hub.load_dataset`: from an origin to judgments, by version, filters, pictures and slice.

Nothing here depends on the registration with `datasets`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import datasets

from hmix_hub.builders.cached_table import slice_split
from hmix_hub.builders.h_mix import HMix, check_asked
from hmix_hub.datasets_by_name import H_MIX, check_dataset, is_registered
from hmix_hub.errors import ConfigurationError
from hmix_hub.filters import apply_conditions
from hmix_hub.judgments.conditions import Condition, HasNoneOf, check_columns, within
from hmix_hub.judgments.grammar import parse_filters
from hmix_hub.loading.entries import read_entry
from hmix_hub.loading.joining import join
from hmix_hub.loading.opening import is_study, open_study, source_of
from hmix_hub.loading.pictures import add_images
from hmix_hub.loading.registered import open_registered
from hmix_hub.loading.studies import LoadableStudy, in_version
from hmix_hub.schema import CURRENT, JUDGMENT_TABLE, RELEASED, check_version
from hmix_hub.stimuli.columns import check_images
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION
from hmix_hub.summaries import by_stimulus
from hmix_hub.tables import task_of
from hmix_hub.tasks import DEFAULT_CONFIGURATION, RELEASED_FORMS, TASKS, check_configuration

_WITHOUT_MEANING = ("save_infos", "storage_options", "download_config", "trust_remote_code")
"""Arguments of `datasets.load_dataset` that are accepted and ignored."""


def load_dataset(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str] | datasets.Dataset] = H_MIX,
    name: str | None = None,
    *,
    split: str | Sequence[str] | None = None,
    streaming: bool = False,
    num_proc: int | None = None,
    schema_version: str = CURRENT,
    source: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    images: str | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    keep_in_memory: bool = False,
    download_mode: str | None = None,
    verification_mode: str | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    **filters: Any,
) -> Any:
    """Load human judgments of mixed images.

    `datasets.load_dataset` also takes these arguments once `hmix_hub` is imported; this function works without
    registration, and joins several datasets.

    Parameters
    ----------
    path
        "h-mix"; a registered study, such as "cifar10s" (see `hmix list`); a contributed study: its folder, or its
        repository on the Hub, "org/name"; or a list of these and of loaded datasets, to be joined (see `join`; image
        columns are lost: use `images` here).
    name
        Configuration: a task, or a task by stimulus; `None`: "infer_mixing_factor", or a study's first. See `hmix
        list`.
    split
        "train"; a slice such as "train[:100]" or "train[:10%]" of the filtered rows, or a list of slices; or `None` for
        a dict of all splits.
    streaming
        Whether to read row by row without preparing a cache.
    num_proc
        Number of processes that prepare the cache, by row groups of a study's files; a released file is not divided.
    schema_version
        Version of the schema: the newest (default); "2.1.0", with only the four tasks of H-Mix; "2.0.0", without what
        the released interfaces never stored; or "1.0.0" for the layout of the released files.
    source
        `None` (HMIX_SOURCE if set, otherwise the release), "release", "sample" (the built-in synthetic study), the
        address of a mirror, or a folder with the released files. Files are verified when a table is prepared from them,
        and files of a folder at each load; all sources share one table, since they hold the same bytes. For a
        registered study: `None` (its folder in HMIX_REGISTERED if set, otherwise its pinned repository), or a folder
        with its files. For several datasets, a dict by name.
    images
        "mixed": a column `image` with the picture of each row, exact to the bit (see `render`); in the midpoint tasks,
        the selected one. "endpoints": `image_1` and `image_2`. All are `datasets.Image`, at the end of the columns.
        `None`: no pictures, and CIFAR-10 is not needed.
    cifar10
        Where CIFAR-10's pictures come from; see `render`.
    image_sets
        For a study that cannot publish its pictures, your own folder of them: `{"<study id>/pictures": folder}`; see
        `render`.
    cache_dir
        Folder for the prepared tables; `None`: the cache of `datasets`.
    keep_in_memory
        Whether to copy the table to memory rather than map the file.
    download_mode, verification_mode
        As in `datasets`: "force_redownload" prepares the table again, "no_checks" skips counting its rows.
    revision, token
        For a study on the Hub: its version ("1.2.0"), a branch or a commit; and an access token, or whether to use the
        machine's. Ignored for "h-mix".
    **filters
        See `filter`. For a study in several files, row groups in which no row can match, by the smallest and largest
        value of a column, are neither read nor downloaded: in a stream, or if the table is not cached and the other row
        groups have at most a million rows. For a registered study, rows duplicated in its files are excluded (flag
        `exported_twice`); `exclude_flags=[]` keeps them.

    Returns
    -------
    datasets.Dataset or DatasetDict, or their streaming counterparts
        As `datasets.load_dataset` would return.

    Raises
    ------
    ConfigurationError, FilterError, SchemaVersionError, SourceError
        If what is requested does not exist, cannot be read, or does not match its hash.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", "categorical_soft_labels", split="train", source="sample", repeats=False)
    >>> len(ds), len(ds[0]["soft_label"])
    (200, 10)
    """
    for option in _WITHOUT_MEANING:
        filters.pop(option, None)
    request = Request(
        name,
        split,
        streaming,
        schema_version,
        # Parsed first, so that no option of a builder is taken for a filter.
        parse_filters(filters),
        images,
        cifar10,
        image_sets,
        {
            "cache_dir": cache_dir,
            "num_proc": num_proc,
            "download_mode": download_mode,
            "verification_mode": verification_mode,
            "keep_in_memory": keep_in_memory,
        },
        {"revision": revision, "token": token},
        keeps_all=_is_none_excluded(filters.get("exclude_flags")),
    )
    return _load_joined(path, request, source) if isinstance(path, list | tuple) else _load(path, request, source)


def _is_none_excluded(flags: object) -> bool:
    """Whether filters state explicitly that no flag is excluded."""
    return isinstance(flags, list | tuple | set | frozenset) and not flags


@dataclass(frozen=True)
class Request:
    """A request to load, with parsed filters, independent of the origin. See `load_dataset`."""

    name: str | None
    split: Any
    streaming: bool
    version: str
    conditions: Sequence[Condition]
    images: str | None
    cifar10: str | os.PathLike[str] | None
    image_sets: Mapping[str, Any] | None
    of_cache: Mapping[str, Any]
    of_hub: Mapping[str, Any]
    keeps_all: bool = False
    """Whether to keep rows that a registered study excludes by default."""

    def finish(self, dataset: datasets.Dataset) -> Any:
        """Return the requested part of a table: filtered, with pictures, sliced."""
        dataset = apply_conditions(dataset, self.conditions)
        if self.images is not None:
            dataset = add_images(dataset, self.images, cifar10=self.cifar10, image_sets=self.image_sets)
        return slice_split(dataset, self.split)


def _load(path: object, request: Request, source: Any) -> Any:
    """Load from one origin."""
    if isinstance(source, Mapping):
        source = source_of(path, [path], source)
    if is_registered(path):
        check_images(request.images)
        return _load_study(open_registered(path, source), request)
    if is_study(path):
        if source is not None:
            msg = f"source= gives the location of the files of {H_MIX}, but {os.fspath(path)!r} is itself a location"
            raise ConfigurationError(msg, hint="leave source out")
        check_images(request.images)
        return _load_study(open_study(path, **request.of_hub), request)
    check_dataset(path)
    if request.image_sets is not None:
        msg = f"image_sets= is for pictures of contributed studies, but those of {H_MIX} are CIFAR-10's"
        raise ConfigurationError(msg, hint="give the location of CIFAR-10 with cifar10=")
    # Its builder filters, draws and slices, since `datasets.load_dataset` has no other hook.
    builder = HMix(
        config_name=request.name,
        source=source,
        schema_version=request.version,
        images=request.images,
        cifar10=request.cifar10,
        cache_dir=request.of_cache["cache_dir"],
        conditions=request.conditions,
    )
    return builder.load(request.split, streaming=request.streaming, options=request.of_cache)


def _load_study(study: LoadableStudy, request: Request) -> Any:
    """Load a study; the description of the table locates its own pictures, for `render` and `batches`."""
    if request.name == PARTICIPANTS_CONFIGURATION:
        if request.streaming:
            msg = "the table of participants cannot be streamed"
            raise ConfigurationError(msg, hint="remove streaming=True")
        dataset = study.table(request.name, options=request.of_cache)
        check_columns(request.conditions, dataset.column_names)
        return replace(request, images=None).finish(dataset)
    configuration, version = study.configuration(request.name), check_version(request.version)
    columns = configuration.columns(version)
    check_asked(version, request.conditions, request.images)
    check_columns(request.conditions, [column.name for column in columns])
    if request.streaming and (request.images is not None or version == RELEASED):
        msg = f"a stream of a contributed study has no pictures, and no schema before {JUDGMENT_TABLE}"
        raise ConfigurationError(msg, hint="load without streaming=True")
    if study.left_out and not configuration.by_stimulus and version != RELEASED and not request.keeps_all:
        request = replace(request, conditions=[HasNoneOf("exclude_flags", study.left_out), *request.conditions])
    conditions, options = request.conditions, request.of_cache
    table = (
        study.table(configuration.name, streaming=True, options=options, conditions=conditions)
        if request.streaming
        else study.some_rows(configuration.name, options=options, conditions=conditions)
    )
    if table is None:
        table = study.table(configuration.name, options=options)
    else:
        met = within(conditions, table.column_names)
        request = replace(request, conditions=[one for one in conditions if one not in met])
    table = in_version(table, configuration, study.manifest, version)
    if request.streaming:
        stream = apply_conditions(table, request.conditions)
        study.describe(stream.info, configuration.task)
        return _whole_stream(stream, request.split)
    study.describe(table.info, configuration.task)
    if study.manifest.has_own_pictures and isinstance(request.of_hub["token"], str):
        # Tokens are not kept, so fetch what they give access to now.
        study.picture_root()
    return request.finish(table)


def _whole_stream(stream: Any, split: Any) -> Any:
    if split not in {None, "train"}:
        msg = f"a stream has only the split 'train', not {split!r}"
        raise ConfigurationError(msg, hint="take the first rows of a stream with .take(n)")
    return stream if split else datasets.IterableDatasetDict({"train": stream})


def _load_joined(parts: Sequence[Any], request: Request, source: Any) -> Any:
    """Load and join judgments; a by-stimulus table is computed over all of them, not concatenated."""
    if request.streaming:
        msg = "several datasets cannot be joined in a stream"
        raise ConfigurationError(msg, hint="remove streaming=True; the joined dataset is in memory")
    configuration = check_configuration(request.name or _common_task(parts, request.of_hub))
    whole = replace(request, name=configuration.task, split="train", conditions=(), images=None, image_sets=None)
    loaded = [
        _load(part, whole, source_of(part, parts, source)) if isinstance(part, str | os.PathLike) else part
        for part in parts
    ]
    joined = join(loaded)
    if request.name is not None and task_of(joined) != configuration.task:
        msg = f"the datasets hold {task_of(joined)}, but {request.name!r} was requested"
        raise ConfigurationError(msg, hint="remove the configuration, or join other datasets")
    return request.finish(by_stimulus(joined) if configuration.by_stimulus else joined)


def _common_task(parts: Sequence[Any], of_hub: Mapping[str, Any]) -> str:
    """Return the task to join if none is named: the default one, or the only one that all parts have."""
    named = [part for part in parts if isinstance(part, str | os.PathLike)]
    held = {str(part): _tasks_of(part, of_hub) for part in named}
    common = [task for task in TASKS if all(task in tasks for tasks in held.values())]
    if DEFAULT_CONFIGURATION in common:
        return DEFAULT_CONFIGURATION
    if not common:
        msg = f"{', '.join(held)} have no task in common"
        have = "; ".join(f"{part} has {', '.join(tasks)}" for part, tasks in held.items())
        raise ConfigurationError(msg, hint=f"only judgments of one task can be joined: {have}")
    if len(common) > 1:
        msg = f"{', '.join(held)} have several tasks in common"
        raise ConfigurationError(msg, hint=f"name a task: {', '.join(common)}")
    return common[0]


def _tasks_of(part: str | os.PathLike[str], of_hub: Mapping[str, Any]) -> Sequence[str]:
    """Return the tasks of a dataset given by name."""
    if is_registered(part):
        return read_entry(part).manifest.tasks
    if is_study(part):
        return open_study(part, **of_hub).manifest.tasks
    check_dataset(part)
    return tuple(RELEASED_FORMS)
