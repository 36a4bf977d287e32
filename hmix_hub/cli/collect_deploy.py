"""`hmix collect deploy`: settings of nginx, Caddy, systemd and Docker for a collection."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("deploy")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--at", required=True, metavar="URL", help="Address that people will open: https://example.org/pilot.")
@click.option("--to", "target", metavar="FOLDER", type=click.Path(path_type=Path), help="Where to write [DIR/deploy].")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65534), help="Port behind the proxy.")
def deploy(folder: Path, at: str, target: Path | None, port: int) -> None:
    """Write settings for a server: nginx or Caddy in front with HTTPS, systemd or Docker to start the collection.

    Each file says in its first lines where it belongs. Nothing on this computer is changed.
    """
    from hmix_hub.suite.deployment.settings import write_settings

    for file in write_settings(folder, target or folder / "deploy", at=at, port=port):
        click.echo(f"wrote {file}")
    click.echo("next: take one of nginx.conf and Caddyfile, and one of hmix-collect.service and Dockerfile")
