"""`hmix collect preview`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("preview")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
def command(folder: Path, host: str, port: int) -> None:
    """Walk through every screen of a study; nothing is kept, and texts may still be TODO."""
    from hmix_hub.suite.server.serving import preview

    preview(folder, host, port, tell=click.echo)
