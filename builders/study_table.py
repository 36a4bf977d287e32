"""The Hugging Face dataset builder over the Parquet of a study that was built, in a folder or on the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import datasets

from hmix_hub.builders.cached_table import CachedTable
from hmix_hub.builders.h_mix import code_fingerprint
from hmix_hub.studies.built_tables import BuiltFile, BuiltTable


@dataclass
class StudyTableConfig(datasets.BuilderConfig):
    """Configuration of the builder: what decides the cached bytes, and nothing else.

    Parameters
    ----------
    fingerprint
        Hash of the table's files.
    """

    fingerprint: str = ""

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """Name the cache folder after the configuration and the hashes of its files, wherever these are."""
        return f"{self.name}-{self.fingerprint}"


class StudyTable(CachedTable):
    """A configuration of a study that was built.

    Parameters
    ----------
    table
        Its files, which are read by their exact paths and checked by the schema when it is prepared or streamed.
    **options
        Parameters of `datasets.DatasetBuilder`: `cache_dir` and so on.

    Raises
    ------
    SourceError
        If a file is not what it should be.
    """

    BUILDER_CONFIG_CLASS = StudyTableConfig

    def __init__(self, table: BuiltTable, **options: Any) -> None:
        self.table = table
        super().__init__(
            dataset_name="h-mix-study",
            config_name=table.configuration,
            hash=code_fingerprint(),
            fingerprint=table.fingerprint,
            **options,
        )

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=self.table.features())

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        return [datasets.SplitGenerator(name="train", gen_kwargs={"files": list(self.table.files)})]

    def _generate_tables(self, files: list[BuiltFile]) -> Iterator[tuple[Any, Any]]:
        for number, piece in enumerate(self.table.chunks(files, self.info.features)):
            yield (0, number), piece
