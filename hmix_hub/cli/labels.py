"""`hmix labels`: every human label of a picture, across H-Mix and all registered studies."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hmix_hub.cli.data import writing
from hmix_hub.cli.options import cifar10_option, json_option
from hmix_hub.cli.output import echo_json, echo_table

_SHOWN = {
    "dataset": "dataset",
    "task": "task",
    "stimulus_id": "stimulus",
    "asked": "asked",
    "n_judgments": "judgments",
    "answer": "answer",
    "label_distribution": "labels",
}
"""Columns shown on the screen, with their headings."""
_MOST_CLASSES = 4
"""Number of classes shown of a distribution."""


@click.command("labels")
@click.argument("image_set", metavar="IMAGE_SET")
@click.argument("indices", metavar="INDEX...", nargs=-1, required=True, type=int)
@click.option("--source", metavar="SOURCE", help='Where the files of "h-mix" come from; see `hmix load --help`.')
@click.option("--dataset", "more", multiple=True, metavar="NAME", help="Another study: its folder, or ORG/NAME.")
@click.option("--download", is_flag=True, help="Download datasets that are not cached.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to draw one picture and its labels."
)
@cifar10_option
@json_option
def labels(
    image_set: str,
    indices: tuple[int, ...],
    source: str | None,
    more: tuple[str, ...],
    download: bool,
    output: Path | None,
    cifar10: str | None,
    as_json: bool,
) -> None:
    """List every human label of a picture: number INDEX of IMAGE_SET, such as cifar10/test 42.

    Searches H-Mix and all registered studies that are on this machine. The picture may be one of the two in a mixture.
    "answer" is the mean of numeric answers, "labels" are the shares of the classes.
    """
    from hmix_hub.loading.labels import labels_of

    if output is not None:
        from hmix_hub.plots.picture_labels import draw_labels

        if len(indices) > 1:
            msg = "--output draws one picture"
            raise click.UsageError(msg)
        with writing(output):
            draw_labels(image_set, indices[0], output, cifar10=cifar10, datasets=more, source=source, download=download)
        click.echo(f"drew picture {indices[0]} of {image_set} to {output}", err=True)
        return
    frame = labels_of(image_set, indices, datasets=more, source=source, download=download)
    found = json.loads(frame.to_json(orient="records"))
    if as_json:
        echo_json(found)
        return
    rows = [{shown: _cell(row[name]) for name, shown in _SHOWN.items()} for row in found]
    if rows:
        empty = {name for name in rows[0] if all(row[name] is None for row in rows)}
        echo_table([{name: value for name, value in row.items() if name not in empty} for row in rows])
    pictures = f"picture {indices[0]}" if len(indices) == 1 else f"{len(indices)} pictures"
    click.echo(f"\n{len(rows)} stimuli show {pictures} of {image_set}")


def _cell(value: object) -> object:
    """Return a value as a table cell: numbers rounded, distributions with their largest shares first."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        shares = sorted(value.items(), key=lambda item: -item[1])
        said = ", ".join(f"{name} {share:.2f}" for name, share in shares[:_MOST_CLASSES])
        return said + (f" and {len(shares) - _MOST_CLASSES} more" if len(shares) > _MOST_CLASSES else "")
    return value
