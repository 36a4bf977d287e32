"""`hmix collect serve`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("serve")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for every one.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@click.option("--trial-run", is_flag=True, help="Let texts still be TODO; pages say so, and the answers are no data.")
def command(folder: Path, host: str, port: int, trial_run: bool) -> None:
    """Collect answers: serve the study to people, from a laptop or a server.

    The study file is frozen when it is served first, and refused if it is changed later. One process serves a
    collection. Stop it at any time and start it again: people go on where they stopped. For people elsewhere put a
    server with HTTPS in front of it, whose own log leaves addresses out.
    """
    from hmix_hub.suite.server.serving import serve

    serve(folder, host, port, trial_run=trial_run, tell=click.echo)
