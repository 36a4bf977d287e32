"""`hmix explore`: judgments and stimuli as a page in the browser, or as a folder of static files."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from typing import Any

import click

from hmix_hub.cli.options import cifar10_option, folders_of, image_sets_option, source_option
from hmix_hub.cli.report import datasets_argument


@click.command("explore")
@datasets_argument
@source_option
@click.option(
    "--model",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Show the predictions of a saved PerceptualModel; default: of one that is fitted to the judgments.",
)
@cifar10_option
@image_sets_option
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the page; it works from the disk and from any web server. Without it, the page is served here.",
)
@click.option("--port", default=0, help="Port of this computer that the page is served at; default: a free one.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def explore(
    datasets: tuple[str, ...],
    source: str | None,
    model: str | None,
    cifar10: str | None,
    image_sets: tuple[str, ...],
    output: Path | None,
    port: int,
    no_browser: bool,
) -> None:
    """Explore judgments and stimuli in the browser.

    DATASET is h-mix (default), a registered study (hmix list), the folder of a study, or its repository on the Hub,
    ORG/NAME; several are joined. Every stimulus with its answers, filters as of `hmix load`, participants, figures; the
    page gives the call and the command of what is selected. Nothing leaves this computer.
    """
    from hmix_hub.cli.data import writing
    from hmix_hub.explorer.serving import serve
    from hmix_hub.explorer.writing import write_explorer

    options: dict[str, Any] = {
        "source": source,
        "model": model,
        "cifar10": cifar10,
        "image_sets": folders_of(image_sets),
    }

    def tell(said: str) -> None:
        click.echo(f"hmix: {said}", err=True)

    if output is not None:
        with writing(output):
            page = write_explorer(datasets, output, tell=tell, **options)
        click.echo(f"wrote {page}")
        _warn_of_folders(datasets)
        return
    # A process that is ended so removes its folder, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="hmix-explore-") as scratch:
        folder = Path(scratch) / "explorer"
        write_explorer(datasets, folder, for_disk=False, tell=tell, **options)

        def opened(address: str) -> None:
            click.echo(f"{address}  (Ctrl+C stops)")
            if not no_browser:
                click.launch(address)

        serve(folder, port, opened=opened)


def _warn_of_folders(datasets: tuple[str, ...]) -> None:
    """Warn where a study folder that was not published yet holds what could identify participants."""
    from hmix_hub.cli.contribute import warn_if_private
    from hmix_hub.loading.opening import is_study, open_study
    from hmix_hub.loading.studies import RawStudy
    from hmix_hub.studies.study import Study

    for name in datasets:
        if is_study(name) and isinstance(open_study(name), RawStudy):
            warn_if_private(Study.open(name), str(name), "the page must not be shared yet")
