"""`hmix verify`."""

from __future__ import annotations

import dataclasses

import click

from hmix_hub.cli.options import cifar10_option, json_option, source_option
from hmix_hub.cli.text import echo_json


@click.command("verify")
@source_option
@click.option("--images", is_flag=True, help="Draw every picture, too, and compare them with the packaged sha256.")
@cifar10_option
@json_option
@click.pass_context
def command(ctx: click.Context, source: str | None, images: bool, cifar10: str | None, as_json: bool) -> None:
    """Check the source's files against their sha256, and recompute both processed files from the raw judgments."""
    from hmix_hub.cli.main import DATA_ARE_WRONG
    from hmix_hub.verification import verify

    found = verify(source, images=images, cifar10=cifar10)
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
            click.echo("  the pictures were not drawn, since a file is wrong or missing")
        if not found.recomputations:
            click.echo("  the processed files were not recomputed, since a file is wrong or missing")
    ctx.exit(0 if found.is_good else DATA_ARE_WRONG)
