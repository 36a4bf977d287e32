"""`hmix collect close`."""

from __future__ import annotations

import click


@click.command("close")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option("--reopen", is_flag=True, help="Let people begin again.")
def command(folder: str, reopen: bool) -> None:
    """Let nobody begin any more; who has begun may finish. The server need not be stopped."""
    from pathlib import Path

    from hmix_hub.suite.store import Store

    with Store.open(Path(folder), read_only=True) as store:
        was_closed = store.is_closed()
        if was_closed != (not reopen):
            store.set_closed(not reopen)
        live = sum(count.live for count in store.counts())
    already = " already" if was_closed != reopen else ""
    if reopen:
        click.echo(f"the study is{already} open")
    else:
        people = "nobody is" if not live else "1 person is" if live == 1 else f"{live} people are"
        click.echo(f"the study is{already} closed; {people} still at it, and may finish")
