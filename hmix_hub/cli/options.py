"""Options and arguments shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hmix_hub.tasks import CONFIGURATIONS

source_option = click.option(
    "--source",
    metavar="SOURCE",
    help='"release" (default), "sample", an address, or a folder with the files of the release, or of --dataset.',
)
dataset_option = click.option(
    "--dataset",
    default="h-mix",
    show_default=True,
    metavar="NAME",
    help="h-mix; a registered study (see hmix list); or a contributed one: its folder, or ORG/NAME on the Hub.",
)
cifar10_option = click.option(
    "--cifar10",
    metavar="PLACE",
    help="CIFAR-10's Parquet file or folder, archive or test_batch; default: HMIX_CIFAR10, else the Hub.",
)
image_sets_option = click.option(
    "--image-set",
    "image_sets",
    metavar="NAME=FOLDER",
    multiple=True,
    help="Folder of pictures that the study does not include: my-study/pictures=photos. May be repeated.",
)
"""Its values are read by `folders_of`."""
picture_option = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write: .png, .pdf or .svg.",
)
dask_option = click.option(
    "--dask",
    metavar="ADDRESS",
    help="Spread the work over the workers of a Dask cluster: the address of its scheduler, tcp://HOST:8786.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
configuration_argument = click.argument("config", metavar="CONFIG")
"""The loader checks the name."""
configurations_epilog = "CONFIG is one of: " + ", ".join(CONFIGURATIONS) + "."
"""Last line of a command's help."""


def folders_of(image_sets: tuple[str, ...]) -> dict[str, str] | None:
    """Return the folders that --image-set names, by image set; `None`: there are none."""
    folders = dict(one.partition("=")[::2] for one in image_sets)
    if not all(folders.values()):
        msg = "--image-set: write NAME=FOLDER, such as my-study/pictures=photos"
        raise click.UsageError(msg)
    return folders or None


def space_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add options for memory and disk to a command, which receives them as `space`."""

    @click.option("--memory", metavar="SIZE", help="Memory to use, such as 2GB; default: half of the machine's.")
    @click.option(
        "--temporary-folder",
        metavar="DIR",
        help="Folder for what does not fit in memory; default: the system's temporary folder.",
    )
    @wraps(verb)
    def with_space(*args: Any, memory: str | None, temporary_folder: str | None, **options: Any) -> Any:
        from hmix_hub.database import read_size
        from hmix_hub.studies.opened import Space

        space = Space(None if memory is None else read_size(memory), temporary_folder)
        return verb(*args, space=space, **options)

    return with_space


def client_option(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--dask` to a command, which receives the cluster's client as `client`; `None`: work in this process."""

    @dask_option
    @wraps(verb)
    def with_client(*args: Any, dask: str | None, **options: Any) -> Any:
        from hmix_hub.connection import connected

        with connected(dask) as client:
            return verb(*args, client=client, **options)

    return with_client
