"""The Hugging Face dataset builder of "h-mix"."""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets

from hmix_hub.builders.cached_table import CachedTable
from hmix_hub.builders.readers import read_table
from hmix_hub.datasets_by_name import H_MIX, citation
from hmix_hub.errors import ConfigurationError
from hmix_hub.filters import apply_conditions, warn_empty
from hmix_hub.judgments.conditions import Condition, check_columns, select_rows
from hmix_hub.judgments.grammar import parse_filters
from hmix_hub.schema import CIFAR10, CURRENT, RELEASED, check_version, features
from hmix_hub.sources import Source, resolve_source
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.sources.study import judgment_file
from hmix_hub.stimuli.columns import add_image_columns, check_images, image_features
from hmix_hub.tables import set_class_order, vocabularies_of
from hmix_hub.tasks import DEFAULT_CONFIGURATION, RELEASED_CONFIGURATIONS, Configuration, check_configuration

HOMEPAGE = "https://github.com/cambridge-mlg/hill-mixup"
STREAMED_ROWS = 1000
"""Number of rows per table in a stream."""


@dataclass
class HMixConfig(datasets.BuilderConfig):
    """Configuration of the builder: exactly what determines the cached bytes."""

    fingerprint: str = ""
    images: str = ""

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """Return the cache folder's name: configuration, source hashes, pictures; the schema version is below."""
        return "-".join(part for part in (self.name, self.fingerprint, self.images) if part)


class HMix(CachedTable):
    """Human judgments of mixed images, from the released files.

    Parameters
    ----------
    source
        Where the files come from; see `hmix_hub.sources.resolve_source`.
    schema_version
        Schema version of the table.
    images
        Pictures for the table: "mixed", "endpoints", or `None`; see `hmix_hub.load_dataset`.
    cifar10
        Where CIFAR-10 comes from; only used if pictures are requested.
    conditions
        Filters already parsed, in addition to those among the options.
    **options
        Filters (see `hmix_hub.filter`), applied at read time over the one cached table; and the parameters of
        `datasets.DatasetBuilder`: `config_name`, `cache_dir` and so on.

    Raises
    ------
    ConfigurationError
        If the configuration does not exist, or not in that schema version.
    FilterError
        If a filter is unknown, malformed, or has no column in the table.
    SchemaVersionError
        If the schema version is unknown.
    SourceError
        If the source is not valid.
    """

    BUILDER_CONFIG_CLASS = HMixConfig
    BUILDER_CONFIGS = [  # noqa: RUF012 - the base class defines it so
        HMixConfig(name=c.name, version=CURRENT, description=c.description) for c in RELEASED_CONFIGURATIONS.values()
    ]
    DEFAULT_CONFIG_NAME = DEFAULT_CONFIGURATION

    def __init__(
        self,
        *,
        source: str | os.PathLike[str] | Source | None = None,
        schema_version: str = CURRENT,
        images: str | None = None,
        cifar10: str | os.PathLike[str] | None = None,
        conditions: Sequence[Condition] = (),
        **options: Any,
    ) -> None:
        self.source = resolve_source(source)
        self.schema_version = check_version(schema_version)
        self.configuration = _check_released(options.get("config_name"))
        self.columns = self.configuration.columns(schema_version, is_synthetic=self.source.study.synthetic)
        if options.get("data_dir") or options.pop("data_files", None):
            msg = "h-mix takes no data_files or data_dir"
            raise ConfigurationError(msg, hint="give a folder that holds the six released files with source=")
        if options.pop("features", None) is not None or options.pop("info", None) is not None:
            msg = "h-mix takes no features: they follow from the configuration and the schema version"
            raise ConfigurationError(msg, hint="cast the loaded dataset")
        self.images = check_images(images)
        self.cifar10 = cifar10
        own = {name: options.pop(name) for name in _BUILDER_OPTIONS & set(options)}
        self.conditions = [*conditions, *parse_filters(options)]
        check_asked(schema_version, self.conditions, images)
        check_columns(self.conditions, [column.name for column in self.columns])
        super().__init__(
            dataset_name=own.pop("dataset_name", None) or H_MIX,
            hash=own.pop("hash", None) or code_fingerprint(),
            version=schema_version,
            fingerprint=self.source.study.fingerprint,
            images=self.images or "",
            **own,
        )

    def _info(self) -> datasets.DatasetInfo:
        info = datasets.DatasetInfo(
            description=f"{self.source.study.title}. {self.configuration.description}",
            citation=citation(H_MIX),
            homepage=HOMEPAGE,
            license="not stated",
            features=datasets.Features(features(self.columns) | image_features(self.images)),
        )
        set_class_order(info, CIFAR10)
        return info

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        if not dl_manager.is_streaming:
            # Here, so that a bad source is reported as such; an error in _generate_tables would be wrapped.
            self.source.path(judgment_file(self.configuration.task))
            self._image_sets()
        return [datasets.SplitGenerator(name="train", gen_kwargs={"is_streaming": dl_manager.is_streaming})]

    def _generate_tables(self, is_streaming: bool) -> Iterator[tuple[Any, Any]]:
        table = read_table(self.source, self.configuration, self.schema_version)
        if not is_streaming:
            yield from self._chunks(self._illustrated(table))
            return
        (kept,), emptied_by = select_rows([table], self.conditions, [vocabularies_of(self.info.features)])
        if emptied_by:
            warn_empty(emptied_by)
        rows = table.filter(kept)
        for number, batch in enumerate(rows.to_batches(max_chunksize=STREAMED_ROWS)):
            # Uncompressed, since pictures of a stream are not kept, but decoded at once.
            piece = self._illustrated(type(rows).from_batches([batch]), compressed=False)
            # Once per piece: if its schema is not that of the features, datasets casts each row separately.
            yield (0, number), piece.cast(self.info.features.arrow_schema)

    def _chunks(self, table: Any) -> Iterator[tuple[Any, Any]]:
        """Yield a table, split where its pictures fill a chunk: `datasets` copies each part into one chunk."""
        if self.images is None:
            yield (0, 0), table
            return
        for number, batch in enumerate(table.to_batches()):
            yield (0, number), type(table).from_batches([batch])

    def _image_sets(self) -> dict[str, ImageSet]:
        """Open the image set of the study if pictures are requested; otherwise do nothing."""
        name = self.source.study.image_set
        return {name: open_image_set(name, cifar10=self.cifar10)} if self.images else {}

    def _illustrated(self, table: Any, *, compressed: bool = True) -> Any:
        """Add the requested pictures to a table."""
        if self.images is None:
            return table
        sets = self._image_sets()
        return add_image_columns(table, self.configuration.task, CIFAR10, self.images, sets, compressed=compressed)

    def download_and_prepare(self, *args: Any, **kwargs: Any) -> None:
        """Prepare the table if necessary; see `datasets.DatasetBuilder.download_and_prepare`."""
        self.source.check(judgment_file(self.configuration.task))
        if self.cifar10 is not None:
            # A given place is checked even if the pictures exist: it must be valid.
            self._image_sets()
        super().download_and_prepare(*args, **kwargs)

    def _kept(self, whole: datasets.Dataset) -> datasets.Dataset:
        """Return the rows that meet the filters."""
        return apply_conditions(whole, self.conditions)


_BUILDER_OPTIONS = {
    "cache_dir",
    "dataset_name",
    "config_name",
    "hash",
    "base_path",
    "token",
    "repo_id",
    "data_dir",
    "storage_options",
    "writer_batch_size",
}


def _check_released(name: str | None) -> Configuration:
    """Return a configuration of the release by name; later tasks only exist in other studies."""
    configuration = check_configuration(name)
    if configuration.name not in RELEASED_CONFIGURATIONS:
        msg = f"{H_MIX} has no configuration {configuration.name!r}, which other studies may have"
        raise ConfigurationError(msg, hint=f"the configurations of {H_MIX} are {', '.join(RELEASED_CONFIGURATIONS)}")
    return configuration


def check_asked(version: str, conditions: Sequence[Condition], images: str | None) -> None:
    """Check that filters and pictures are not requested with the columns of the released files."""
    if version == RELEASED and (conditions or images):
        what = "filters speak of" if conditions else "pictures come with"
        msg = f"{what} the columns of schema {CURRENT}, not {RELEASED}"
        raise ConfigurationError(msg, hint=f"load without schema_version={RELEASED!r}")


_DECIDING = ("schema", "tasks", "judgments", "stimuli", "studies")
"""Packages whose code determines a table's bytes."""


@functools.cache
def code_fingerprint(*more: str) -> str:
    """Return a hash, 16 digits, of the code that determines a table's bytes: tables cached by other code are not used.

    Parameters
    ----------
    *more
        Other packages that determine them.
    """
    package = Path(__file__).resolve().parent
    # In a checkout, the builders are not beside the other packages.
    top = Path(inspect.getfile(ConfigurationError)).resolve().parent
    files = sorted(
        [*package.glob("*.py"), *(file for room in (*_DECIDING, *more) for file in (top / room).rglob("*.py"))],
        key=lambda path: (path.parent.name, path.name),
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
