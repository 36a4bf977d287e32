"""Progress of reading, on a terminal alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def row_progress() -> Iterator[Callable[[str, int], None] | None]:
    """Give a callback that shows the file and the rows read so far; `None` where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=" rows", unit_scale=True, leave=False) as bar:

        def show(file: str, rows: int) -> None:
            if bar.desc != f"{file}: ":
                bar.reset()
                bar.set_description(file, refresh=False)
            bar.update(rows - bar.n)

        yield show


def tell_on_terminal(said: str) -> None:
    """Say what is being done, where somebody watches."""
    if sys.stderr.isatty():
        click.echo(said, err=True)
