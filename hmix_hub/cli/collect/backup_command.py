"""`hmix collect backup`."""

from __future__ import annotations

import shlex

import click


@click.command("backup")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.argument("target", metavar="TARGET", type=click.Path())
def command(folder: str, target: str) -> None:
    """Copy a collection into a new folder, checked, while it is being served.

    TARGET holds all that the collection is: study file, pictures, key and answers. It can be exported and served as
    it is. Keep it as safe as the collection; what people withdraw later stays in it until you delete it.
    """
    from pathlib import Path

    from hmix_hub.suite.store import Store

    with Store.open(Path(folder), read_only=True) as store:
        store.backup(Path(target))
    with Store.open(Path(target), read_only=True) as copy:
        answers = sum(count.answers for count in copy.counts())
    click.echo(f"wrote {answers:,} answers to {target}")
    click.echo(f"see them with: hmix collect status {shlex.quote(target)}")
