"""`hmix load`, `plot`, `show` and `verify`: commands that read the data, and the filters of the first two."""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.cli.main import DATA_ARE_WRONG
from hmix_hub.cli.options import (
    cifar10_option,
    configuration_argument,
    configurations_epilog,
    dataset_option,
    folders_of,
    image_sets_option,
    json_option,
    picture_option,
    source_option,
)
from hmix_hub.cli.output import echo_json
from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.files import whole_file
from hmix_hub.judgments.grammar import FILTERS, Filter
from hmix_hub.schema import CURRENT
from hmix_hub.schema.judgment import IMAGE_FILES
from hmix_hub.tasks import CONFIGURATIONS

if TYPE_CHECKING:
    import datasets

Command = Callable[..., Any]
WRITTEN = ("csv", "jsonl", "parquet")
"""File formats."""
FORMATS = ("table", *WRITTEN)
ROWS_ON_SCREEN = 20
CORE = "core"


def _number_or_interval(text: str) -> float | tuple[float | None, ...]:
    """Read a number or a closed interval: 0.5, 0.25:0.75, 0.25:, :0.75."""
    try:
        numbers = [float(end) if end.strip() else None for end in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and numbers[0] is not None:
        return numbers[0]
    if len(numbers) == 2 and numbers != [None, None]:
        return tuple(numbers)
    msg = f"{text!r} is neither a number nor an interval such as 0.25:0.75, 0.25: or :0.75"
    raise click.BadParameter(msg)


def _class_pair(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if len(names) != 2 or not all(names):
        msg = f"{text!r} is not a pair such as dog,frog"
        raise click.BadParameter(msg)
    return names


_TYPES: dict[str, tuple[str, Any]] = {
    "id": ("ID", str),
    "number": ("NUMBER|LOW:HIGH", _number_or_interval),
    "class": ("CLASS", str),
    "class pair": ("CLASS,CLASS", _class_pair),
    "flag": ("FLAG", str),
}


def _option(filter_: Filter) -> Callable[[Command], Command]:
    flag = "--" + filter_.name.replace("_", "-")
    if filter_.kind == "truth":
        return click.option(f"{flag}/--no-{filter_.name}", default=None, help=f"Keep rows {filter_.meaning}.")
    metavar, kind = _TYPES[filter_.kind]
    return click.option(
        flag,
        multiple=True,
        metavar=metavar,
        type=kind,
        help=f"Keep rows {filter_.meaning}. May be repeated for alternatives.",
    )


def filter_options(command: Command) -> Command:
    """Add an option for every filter; the command receives those given as `filters`, in the grammar of the API."""

    @wraps(command)
    def with_filters(**values: Any) -> Any:
        given = {name: values.pop(name) for name in FILTERS}
        filters = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
        filters = {name: value for name, value in filters.items() if value not in (None, [])}
        if filters.get("exclude_flags") == [""]:
            # No flag is excluded, not even one that a registered study excludes by default.
            filters["exclude_flags"] = []
        return command(filters=filters, **values)

    decorated: Command = with_filters
    for filter_ in reversed(FILTERS.values()):
        decorated = _option(filter_)(decorated)
    return decorated


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Report that a file named by the caller cannot be written: a wrong call, not wrong data."""
    try:
        yield
    except OSError as error:
        msg = f"--output: {output} cannot be written: {error.strerror or error}"
        if error.errno == errno.ENOSPC:
            msg += "; free some space or name a file on another disk. An existing file is unchanged"
        raise click.UsageError(msg) from error


def warn_if_synthetic(loaded: datasets.Dataset, source: str | None, dataset: str) -> None:
    """Write to stderr, apart from the output, which of the loaded judgments were made by a program."""
    from hmix_hub.origin import origin_of
    from hmix_hub.sources import resolve_source

    study = resolve_source(source).study if dataset == "h-mix" else None
    if study is not None and study.synthetic:
        click.echo(f"hmix: the data are {study.title}", err=True)
    elif mark := origin_of(loaded).mark:
        click.echo(f"hmix: {mark}", err=True)


@click.command("load", epilog=configurations_epilog)
@configuration_argument
@dataset_option
@source_option
@click.option("--revision", metavar="NAME", help="Version of a study on the Hub, a branch or a commit; default: main.")
@click.option("--schema-version", default=CURRENT, show_default=True, help="Version of the columns.")
@click.option(
    "--columns",
    metavar="NAME,NAME",
    help='Columns to keep, in this order; "core": the essential ones, as in the table on the screen; '
    "image_1_file: the picture's file, for studies with a list of pictures.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Default: by the extension of --output; on the screen, a table of the first rows.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: print.")
@filter_options
def load(
    config: str,
    dataset: str,
    source: str | None,
    revision: str | None,
    schema_version: str,
    columns: str | None,
    form: str | None,
    output: Path | None,
    filters: dict[str, Any],
) -> None:
    """Load and filter a configuration, and print or write it.

    Labels are written as class names; in Parquet as codes, with the names in the file's metadata. Write a number as
    0.5, an interval as 0.25:0.75 (closed), 0.25: or :0.75.
    """
    from hmix_hub.loading.pictures import add_picture_files
    from hmix_hub.loading.road import load_dataset

    form = _form_of(output, form)
    options = filters | {"source": source, "revision": revision, "schema_version": schema_version}
    loaded = load_dataset(dataset, config, split="train", **options)
    # Before columns are chosen, as one of them is the mark.
    warn_if_synthetic(loaded, source, dataset)
    if columns is not None:
        if any(file.name in columns for file in IMAGE_FILES):
            loaded = add_picture_files(loaded)
        loaded = loaded.select_columns(_names_of(columns, config, loaded.column_names))
    elif form == "table":
        loaded = readable_columns(loaded, config)
    if output is None:
        click.echo(_text(form, loaded), nl=False)
        return
    with writing(output), whole_file(output, follows_links=True) as stream:
        if form == "parquet":
            loaded.to_parquet(stream)
        else:
            stream.write(_text(form, loaded).encode())
    click.echo(f"wrote {len(loaded)} rows to {output}", err=True)


def _form_of(output: Path | None, form: str | None) -> str:
    """Return the requested format, or the one that a file's extension implies; on the screen, a table."""
    if output is None:
        if form == "parquet":
            msg = "parquet cannot be printed; give a file with -o"
            raise click.UsageError(msg)
        return form or "table"
    if form == "table":
        msg = f"a table of the first rows is only for the screen; to write a file, choose {', '.join(WRITTEN)}"
        raise click.UsageError(msg)
    ending = form or output.suffix.removeprefix(".").lower()
    if ending not in WRITTEN:
        endings = ", ".join(f".{name}" for name in WRITTEN)
        msg = f"--output: cannot tell the format from the extension of {output.name!r}; use {endings}, or add --format"
        raise click.UsageError(msg)
    return ending


def _names_of(columns: str, config: str, known: Sequence[str]) -> list[str]:
    """Return the columns that --columns names; "core" stands for those of the configuration."""
    given = [name.strip() for name in columns.split(",")]
    names = [name for each in given for name in (_core_of(config, known) if each == CORE else [each])]
    for name in names:
        if name not in known:
            msg = f"--columns: there is no column {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, [CORE, *known], label="columns"))
    return list(dict.fromkeys(names))


def _core_of(config: str, known: Sequence[str]) -> list[str]:
    """Return the core columns of a configuration; all columns for a layout without them."""
    return [name for name in CONFIGURATIONS[config].core if name in known] or list(known)


def readable_columns(loaded: datasets.Dataset, config: str) -> datasets.Dataset:
    """Return the core columns that are not empty."""
    from hmix_hub.cli.screen_table import empty_columns

    core = loaded.select_columns(_core_of(config, loaded.column_names))
    empty = empty_columns(core)
    return core.select_columns([name for name in core.column_names if name not in empty])


def _text(form: str, dataset: datasets.Dataset) -> str:
    from hmix_hub.cli import screen_table

    if form == "table":
        return screen_table.table_text(dataset, ROWS_ON_SCREEN, screen_table.screen_width())
    return screen_table.csv_text(dataset) if form == "csv" else screen_table.jsonl_text(dataset)


@click.command("plot", epilog=configurations_epilog)
@configuration_argument
@dataset_option
@source_option
@picture_option
@filter_options
def plot(config: str, dataset: str, source: str | None, output: Path, filters: dict[str, Any]) -> None:
    """Draw the answers: perception, choices, ratings or votes.

    Intervals cover 95 %, by resampling participants; in by-stimulus tables, which pool participants, stimuli.
    """
    from hmix_hub.loading.road import load_dataset
    from hmix_hub.plots.plotting import plot as draw

    loaded = load_dataset(dataset, config, split="train", source=source, **filters)
    warn_if_synthetic(loaded, source, dataset)
    with writing(output):
        draw(loaded, output)
    click.echo(f"plotted {len(loaded)} rows to {output}", err=True)


@click.command("show")
@click.argument("name", metavar="ID")
@dataset_option
@source_option
@cifar10_option
@image_sets_option
@picture_option
def show(
    name: str, dataset: str, source: str | None, cifar10: str | None, image_sets: tuple[str, ...], output: Path
) -> None:
    """Draw one stimulus as people saw it, its endpoints and the answers.

    ID names a stimulus (mixed_0.5_Dog_2205_Frog_6908), a pair of the midpoint tasks (Automobile_887_Bird_8384), or a
    judgment, which is then highlighted among the others.
    """
    from hmix_hub.plots import showing

    folders = folders_of(image_sets)
    with writing(output):
        showing.show(name, output, dataset=dataset, source=source, cifar10=cifar10, image_sets=folders)
    click.echo(f"drew {name} into {output}", err=True)


@click.command("verify")
@source_option
@click.option("--images", is_flag=True, help="Also draw every picture and compare it with the packaged sha256.")
@cifar10_option
@json_option
@click.pass_context
def verify(ctx: click.Context, source: str | None, images: bool, cifar10: str | None, as_json: bool) -> None:
    """Check the source's files against their sha256 and recompute both processed files from the raw judgments."""
    from hmix_hub import release

    found = release.verify(source, images=images, cifar10=cifar10)
    if as_json:
        echo_json(dataclasses.asdict(found) | {"is_good": found.is_good})
    else:
        click.echo(found.source)
        for check in found.files:
            state = "MISSING" if check.is_missing else "WRONG" if check.problem else "ok"
            click.echo(f"  {state:7} {check.problem or check.name}")
        for part in found.recomputations:
            click.echo(f"  recomputed {part.name}: {part.equal}/{part.total} {part.unit} equal bit for bit")
            for name in part.differing:
                click.echo(f"    differs: {name}")
        for pictures in found.pictures:
            state = "ok" if pictures.expected == pictures.found else "WRONG"
            click.echo(f"  {state:7} {pictures.pictures} pictures of {pictures.task}: sha256 {pictures.found}")
            if pictures.expected != pictures.found:
                click.echo(f"    expected: {pictures.expected}")
        if images and not found.pictures:
            click.echo("  the pictures were not drawn, as a file is wrong or missing")
        if not found.recomputations:
            click.echo("  the processed files were not recomputed, as a file is wrong or missing")
    ctx.exit(0 if found.is_good else DATA_ARE_WRONG)
