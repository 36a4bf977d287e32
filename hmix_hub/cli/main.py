"""Entry of the command `hmix`: the verbs, the exit status, and how errors and warnings are told."""

from __future__ import annotations

import errno
import importlib
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import click

from hmix_hub import __version__
from hmix_hub.errors import CollectionError, HMixError, PublishError, SourceError, SourceNameError, StudyError

_PLACES = "check that it is there and may be written"
_CACHES = "HMIX_CACHE and HF_HOME name the folders for caches"
DATA_ARE_WRONG = 1
CALL_IS_WRONG = 2

# Verb, the module that has it, and its line in `hmix --help`: known here, so that help imports no verb.
VERBS = {
    "list": ("hmix_hub.cli.describe", "List the configurations with their rows, people and stimuli."),
    "info": ("hmix_hub.cli.describe", "Show the columns of a configuration with their units."),
    "load": ("hmix_hub.cli.data", "Load a configuration, filtered, and print or write it."),
    "labels": ("hmix_hub.cli.labels", "List every human label of a picture, over all datasets."),
    "cite": ("hmix_hub.cli.describe", "Print the BibTeX entry to cite."),
    "verify": ("hmix_hub.cli.data", "Check the source's files, and recompute the processed ones."),
    "plot": ("hmix_hub.cli.data", "Draw the answers: perception, choices, ratings or votes."),
    "show": ("hmix_hub.cli.data", "Draw one stimulus, and what people answered."),
    "explore": ("hmix_hub.cli.explore", "Explore judgments and stimuli in the browser."),
    "report": ("hmix_hub.cli.report", "Report on judgments: a page of findings with intervals."),
    "explain": ("hmix_hub.cli.report", "List the judgments behind a number of a report."),
    "contribute": ("hmix_hub.cli.contribute", "Check, describe and publish a study of your own."),
    "rules": ("hmix_hub.cli.describe", "Explain the rules that a contributed study keeps."),
    "doctor": ("hmix_hub.cli.doctor", "Check the installation: what is installed, cached and reachable."),
    "collect": ("hmix_hub.cli.collect", "Collect judgments with web interfaces of your own."),
}


class LazyGroup(click.Group):
    """Group that imports the module of a command when the command is called, so that help is quick.

    Parameters
    ----------
    lines
        Module and help line of each command, by its name.
    """

    def __init__(self, *args: Any, lines: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = lines

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in order."""
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self.lines:
            return None
        found = vars(importlib.import_module(self.lines[cmd_name][0])).values()
        return next(one for one in found if isinstance(one, click.Command) and one.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.lines.items()])


class Verbs(LazyGroup):
    """The verbs of `hmix`; an error of ours becomes a message and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; an error of ours becomes a message and an exit status."""
        try:
            return super().invoke(ctx)
        except HMixError as error:
            click.echo(f"hmix: {_harmless(error)}", err=True)
            are_of_data = isinstance(error, SourceError | StudyError | PublishError | CollectionError)
            data_are_wrong = are_of_data and not isinstance(error, SourceNameError)
            ctx.exit(DATA_ARE_WRONG if data_are_wrong else CALL_IS_WRONG)
        except OSError as error:
            if error.errno == errno.EPIPE:
                # Whoever read the output has had enough; click ends quietly.
                raise
            what = error.filename or "a file or a connection"
            said = f"{what} cannot be read or written: {error.strerror or error}"
            hint = f"free some space there; {_CACHES}" if error.errno == errno.ENOSPC else f"{_PLACES}; {_CACHES}"
            click.echo(f"hmix: {said}\n  hint: {hint}", err=True)
            ctx.exit(CALL_IS_WRONG)


def _harmless(error: HMixError) -> str:
    """Return an error's message line by line, without what would steer a terminal: names come from anywhere."""
    from hmix_hub.studies.findings import printable

    return "\n".join(map(printable, str(error).split("\n")))


def _tell_warning(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
    click.echo(f"hmix: warning: {message}", err=True)


@click.group(cls=Verbs, lines=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hmix")
def main() -> None:
    """Human judgments of mixed images.

    The data come from the release, or from what --source or HMIX_SOURCE names: a folder with the six released files,
    the address of a mirror, or "sample", a built-in synthetic study.

    Exit status: 0 good, 1 the data are wrong or cannot be had, 2 the call is wrong.
    """
    warnings.showwarning = _tell_warning
    if not sys.stderr.isatty():
        import os

        for name in ("HF_DATASETS_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_PROGRESS_BARS"):
            os.environ.setdefault(name, "1")
