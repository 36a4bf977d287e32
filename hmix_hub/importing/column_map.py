"""Column map: a YAML file that maps the columns of any flat table to those of a judgment file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, model_validator

from hmix_hub.errors import ConfigurationError, SourceMissingError, Where, nearest
from hmix_hub.importing.map_keys import Condition, From, renamed
from hmix_hub.importing.reshaping import ItemTable, Melt
from hmix_hub.schema.judgment import EXTRA_PREFIX
from hmix_hub.studies.manifest import TaskName
from hmix_hub.studies.manifest_fields import PLACEHOLDER, Strict, schema_of
from hmix_hub.tasks import TASKS, contributed_columns, missing_columns
from hmix_hub.yaml_file import SIZE_LIMIT, BadFileError, faults_text, parse_yaml, read_text, texts_in

_MOST_LINES = 1000


def _listed(table: Any) -> Any:
    """Read a single item table as a list."""
    return [table] if isinstance(table, dict) else table


class ColumnMap(Strict):
    """A column map."""

    task: TaskName
    skip: int = Field(0, ge=0, le=_MOST_LINES, description="Number of lines to skip above the header of a text file.")
    header: int = Field(
        1,
        ge=1,
        le=_MOST_LINES,
        description="Number of header rows: the first has the column names, others are dropped.",
    )
    sheet: str | None = Field(
        None, description="Sheet of a workbook, or table of a database; defaults to the only one with rows."
    )
    melt: Melt | None = Field(
        None, description="For wide tables: the columns with answers, each of which becomes a row."
    )
    table: Annotated[list[ItemTable], BeforeValidator(_listed, json_schema_input_type=ItemTable | list[ItemTable])] = (
        Field(default_factory=list, description="Item table in the map's folder that is joined to the rows, or a list.")
    )
    rows: list[Condition] = Field(default_factory=list, description="Conditions that rows must meet to be kept.")
    columns: dict[str, Annotated[From, BeforeValidator(renamed, json_schema_input_type=str | From)]] = Field(
        description="For each column of the judgment file, a raw column's name, or keys for its origin."
    )

    _folder: Path | None = PrivateAttr(None)

    @property
    def folder(self) -> Path | None:
        """Return the map's folder, which contains its item tables; `None` if it was not read from a file."""
        return self._folder

    def beside(self, folder: Path) -> ColumnMap:
        """Return the map with the folder of its item tables."""
        placed = self.model_copy()
        placed._folder = folder
        return placed

    @model_validator(mode="after")
    def _check_columns(self) -> ColumnMap:
        known = [column.name for column in contributed_columns(self.task)]
        for name in self.columns:
            if name not in known and not name.startswith(EXTRA_PREFIX):
                if name in {column.name for column in TASKS[self.task].columns}:
                    msg = f"{name} is computed; remove it"
                else:
                    near = nearest(name, known, label="columns")
                    msg = f"{name} is not a column of the task; {near}; prefix columns of your own with {EXTRA_PREFIX}"
                raise ValueError(msg)
        is_single = TASKS[self.task].shows != "pair" and not any(name.startswith("image_2_") for name in self.columns)
        missing = [column.name for column in missing_columns(self.columns, self.task, (), is_single=is_single)]
        if missing:
            columns = "columns" if len(missing) > 1 else "column"
            msg = f'no source given for required {columns} {", ".join(missing)}; `constant: ""` leaves a column empty'
            raise ValueError(msg)
        return self


def read_column_map(path: Path) -> ColumnMap:
    """Read a column map.

    Raises
    ------
    SourceMissingError
        If the file does not exist.
    ConfigurationError
        If it is not a column map, with a list of all invalid fields; or if a proposed map has undecided lines.
    """
    where = Where(str(path))
    if not path.is_file():
        msg = "the column map does not exist"
        raise SourceMissingError(msg, where=where, hint="pass a YAML file with --map")
    try:
        text = read_text(path, SIZE_LIMIT)
    except BadFileError as error:
        msg = f"the column map cannot be read: {error}"
        raise ConfigurationError(msg, where=where, hint="save it as UTF-8, and remove what it does not need") from None
    try:
        content = parse_yaml(text).content
    except BadFileError as error:
        msg = f"the column map is not plain YAML: {error}"
        hint = "put patterns in single quotes, and indent with spaces"
        raise ConfigurationError(msg, where=where, hint=hint) from None
    _refuse_open(content, where)
    try:
        return ColumnMap.model_validate(content).beside(path.parent)
    except ValidationError as error:
        hint = "`hmix contribute schema --map` describes every key; CONTRIBUTING.md has an example"
        raise ConfigurationError(faults_text(error, ColumnMap), where=where, hint=hint) from None


def _refuse_open(content: Mapping[str, Any], where: Where) -> None:
    columns = content.get("columns")
    lines = columns.items() if isinstance(columns, dict) else ()
    undecided = [name for name, origin in lines if any(text == PLACEHOLDER for _, text in texts_in(origin))]
    if undecided:
        msg = f"{', '.join(undecided)}: still undecided ({PLACEHOLDER})"
        raise ConfigurationError(
            msg, where=where, hint="write the origin of each; the comments describe what was found"
        )


def map_schema() -> str:
    """Return the JSON Schema of a column map."""
    return schema_of(ColumnMap)
