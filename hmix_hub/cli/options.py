"""Options that several verbs share: the source, the filters, JSON."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.judgments.grammar import FILTERS, Filter
from hmix_hub.schema import CONFIGURATIONS

if TYPE_CHECKING:
    import datasets

Command = Callable[..., Any]


def source_option(command: Command) -> Command:
    """Add --source."""
    return click.option(
        "--source",
        metavar="SOURCE",
        help='"release" (default), "sample", an address, or a folder with the released files.',
    )(command)


def dataset_option(command: Command) -> Command:
    """Add --dataset."""
    return click.option(
        "--dataset",
        default="h-mix",
        show_default=True,
        metavar="NAME",
        help="h-mix; or a contributed study: its folder, or its repository on the Hub, ORG/NAME.",
    )(command)


def cifar10_option(command: Command) -> Command:
    """Add --cifar10."""
    return click.option(
        "--cifar10",
        metavar="PLACE",
        help="CIFAR-10's Parquet file or folder, archive or test_batch; default: HMIX_CIFAR10, else the Hub.",
    )(command)


def picture_option(command: Command) -> Command:
    """Add --output, the file of a picture."""
    return click.option(
        "-o",
        "--output",
        required=True,
        type=click.Path(dir_okay=False, path_type=Path),
        help="File to write: .png, .pdf or .svg.",
    )(command)


def warn_if_synthetic(loaded: datasets.Dataset, source: str | None, dataset: str) -> None:
    """Write on stderr, where it spoils no output, which of the loaded judgments a program made."""
    from hmix_hub.origin import origin_of
    from hmix_hub.sources import resolve_source

    study = resolve_source(source).study if dataset == "h-mix" else None
    if study is not None and study.synthetic:
        click.echo(f"hmix: the data are {study.title}", err=True)
    elif mark := origin_of(loaded).mark:
        click.echo(f"hmix: {mark}", err=True)


def json_option(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def configuration_argument(command: Command) -> Command:
    """Add the argument CONFIG, whose name the loader checks."""
    return click.argument("config", metavar="CONFIG")(command)


def configurations_epilog() -> str:
    """Name the configurations, for the end of a verb's help."""
    return "CONFIG is one of: " + ", ".join(CONFIGURATIONS) + "."


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Report a file that was named but cannot be written: the call is wrong, not the data."""
    try:
        yield
    except OSError as error:
        msg = f"--output: {output} cannot be written: {error.strerror or error}"
        if error.errno == errno.ENOSPC:
            msg += "; free some space there, or name a file on another disk. An older file is left as it was"
        raise click.UsageError(msg) from error


class Interval(click.ParamType[Any]):
    """A number or a closed interval: 0.5, 0.25:0.75, 0.25:, :0.75."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a number or an interval."""
        if not isinstance(value, str):
            return value
        ends = value.split(":")
        try:
            numbers = [float(end) if end.strip() else None for end in ends]
        except ValueError:
            numbers = []
        if len(numbers) == 1 and numbers[0] is not None:
            return numbers[0]
        if len(numbers) == 2 and numbers != [None, None]:
            return tuple(numbers)
        return self.fail(f"{value!r} is neither a number nor an interval such as 0.25:0.75, 0.25: or :0.75", param, ctx)


class ClassPair(click.ParamType[Any]):
    """Two class names: dog,frog."""

    name = "class,class"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read two class names."""
        names = tuple(name.strip() for name in str(value).split(","))
        return (
            names if len(names) == 2 and all(names) else self.fail(f"{value!r} is no pair such as dog,frog", param, ctx)
        )


_TYPES: dict[str, tuple[str, Any]] = {
    "id": ("ID", str),
    "number": ("NUMBER|LOW:HIGH", Interval()),
    "class": ("CLASS", str),
    "class pair": ("CLASS,CLASS", ClassPair()),
    "flag": ("FLAG", str),
}


def _option(filter_: Filter) -> Callable[[Command], Command]:
    flag = "--" + filter_.name.replace("_", "-")
    if filter_.kind == "truth":
        return click.option(f"{flag}/--no-{filter_.name}", default=None, help=f"Keep rows {filter_.meaning}.")
    metavar, kind = _TYPES[filter_.kind]
    return click.option(
        flag, multiple=True, metavar=metavar, type=kind, help=f"Keep rows {filter_.meaning}. Repeat for any of several."
    )


def filter_options(command: Command) -> Command:
    """Add an option for every filter; the command gets those given, as `filters`, in the grammar of the calls."""

    def with_filters(**values: Any) -> Any:
        given = {name: values.pop(name) for name in FILTERS}
        filters = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if value not in (None, ())
        }
        return command(filters=filters, **values)

    with_filters.__doc__, with_filters.__name__ = command.__doc__, command.__name__
    decorated: Command = with_filters
    for filter_ in reversed(FILTERS.values()):
        decorated = _option(filter_)(decorated)
    return decorated
