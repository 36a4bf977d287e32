"""Column map: how the columns of any flat table become those of a judgment file, as YAML."""

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
    """Read one item table as a list of one."""
    return [table] if isinstance(table, dict) else table


class ColumnMap(Strict):
    """A column map."""

    task: TaskName
    skip: int = Field(0, ge=0, le=_MOST_LINES, description="Lines above the header of a text file, which are skipped.")
    header: int = Field(
        1,
        ge=1,
        le=_MOST_LINES,
        description="Rows that the header takes: the first names the columns, others are dropped.",
    )
    sheet: str | None = Field(
        None, description="Sheet of a workbook, or table of a database; else the only one with rows."
    )
    melt: Melt | None = Field(
        None, description="Wide tables: the columns of one row that hold answers, each of which becomes a row."
    )
    table: Annotated[list[ItemTable], BeforeValidator(_listed, json_schema_input_type=ItemTable | list[ItemTable])] = (
        Field(default_factory=list, description="Table of items beside the map, joined to the rows; or a list of such.")
    )
    rows: list[Condition] = Field(default_factory=list, description="Rows that meet all of these are kept.")
    columns: dict[str, Annotated[From, BeforeValidator(renamed, json_schema_input_type=str | From)]] = Field(
        description="By column of the judgment file: a raw column's name, or more of where it comes from."
    )

    _folder: Path | None = PrivateAttr(None)

    @property
    def folder(self) -> Path | None:
        """Folder of the map, in which its item tables are; `None`: it is in none."""
        return self._folder

    def beside(self, folder: Path) -> ColumnMap:
        """Return the map with the folder that its item tables are in."""
        placed = self.model_copy()
        placed._folder = folder
        return placed

    @model_validator(mode="after")
    def _check_columns(self) -> ColumnMap:
        known = [column.name for column in contributed_columns(self.task)]
        for name in self.columns:
            if name not in known and not name.startswith(EXTRA_PREFIX):
                if name in {column.name for column in TASKS[self.task].columns}:
                    msg = f"{name} is computed; leave it out"
                else:
                    near = nearest(name, known, label="columns")
                    msg = f"{name} is no column of the task; {near}; columns of your own begin with {EXTRA_PREFIX}"
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
        If there is no such file.
    ConfigurationError
        If it is no column map, every field that is wrong is named; or if a line of a proposal is still to decide.
    """
    where = Where(str(path))
    if not path.is_file():
        msg = "the column map cannot be read: there is no such file"
        raise SourceMissingError(msg, where=where, hint="name a YAML file with --map")
    try:
        text = read_text(path, SIZE_LIMIT)
    except BadFileError as error:
        msg = f"the column map cannot be read: {error}"
        raise ConfigurationError(
            msg, where=where, hint="save it as UTF-8, and leave out what it does not need"
        ) from None
    try:
        content = parse_yaml(text).content
    except BadFileError as error:
        msg = f"the column map is no plain YAML: {error}"
        hint = "quote patterns with single quotes, and indent with spaces"
        raise ConfigurationError(msg, where=where, hint=hint) from None
    _refuse_open(content, where)
    try:
        return ColumnMap.model_validate(content).beside(path.parent)
    except ValidationError as error:
        hint = "`hmix contribute schema --map` describes every key, and CONTRIBUTING.md shows a column map"
        raise ConfigurationError(faults_text(error, ColumnMap), where=where, hint=hint) from None


def _refuse_open(content: Mapping[str, Any], where: Where) -> None:
    columns = content.get("columns")
    lines = columns.items() if isinstance(columns, dict) else ()
    undecided = [name for name, origin in lines if any(text == PLACEHOLDER for _, text in texts_in(origin))]
    if undecided:
        msg = f"{', '.join(undecided)}: still to decide, {PLACEHOLDER}"
        raise ConfigurationError(msg, where=where, hint="write where each comes from; the comment says what was found")


def map_schema() -> str:
    """Return the JSON Schema of a column map."""
    return schema_of(ColumnMap)
