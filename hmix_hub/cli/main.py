"""Entry point of the command `hmix`: commands, exit status, and the reporting of errors and warnings."""

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

_PLACES = "check that it exists and is writable"
_CACHES = "HMIX_CACHE and HF_HOME set the folders of the caches"
DATA_ARE_WRONG = 1
CALL_IS_WRONG = 2

# Command, its module, and its line in `hmix --help`: kept here so that help imports no command.
VERBS = {
    "list": ("hmix_hub.cli.describe", "List the configurations with their rows, participants and stimuli."),
    "info": ("hmix_hub.cli.describe", "Show the columns of a configuration with their units."),
    "load": ("hmix_hub.cli.data", "Load and filter a configuration, and print or write it."),
    "labels": ("hmix_hub.cli.labels", "List every human label of a picture across datasets."),
    "cite": ("hmix_hub.cli.describe", "Print the BibTeX entry to cite."),
    "verify": ("hmix_hub.cli.data", "Check the source's files and recompute the processed ones."),
    "plot": ("hmix_hub.cli.data", "Draw the answers: perception, choices, ratings or votes."),
    "show": ("hmix_hub.cli.data", "Draw one stimulus with its answers."),
    "explore": ("hmix_hub.cli.explore", "Explore judgments and stimuli in the browser."),
    "report": ("hmix_hub.cli.report", "Report on judgments: a page of findings with intervals."),
    "explain": ("hmix_hub.cli.report", "List the judgments behind a number of a report."),
    "contribute": ("hmix_hub.cli.contribute", "Check, describe and publish your own study."),
    "rules": ("hmix_hub.cli.describe", "Explain the rules that contributed studies follow."),
    "doctor": ("hmix_hub.cli.doctor", "Check the installation: what is installed, cached and reachable."),
    "collect": ("hmix_hub.cli.collect", "Collect judgments with your own web study."),
}


class LazyGroup(click.Group):
    """Group that imports a command's module only when the command is called, so that help is fast.

    Parameters
    ----------
    lines
        Module and help line of each command, by its name.
    """

    def __init__(self, *args: Any, lines: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = lines

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in order."""
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self.lines:
            return None
        found = vars(importlib.import_module(self.lines[cmd_name][0])).values()
        return next(one for one in found if isinstance(one, click.Command) and one.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help lines of the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.lines.items()])


class Verbs(LazyGroup):
    """The commands of `hmix`; errors of the package become a message and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors of the package become a message and an exit status."""
        try:
            return super().invoke(ctx)
        except HMixError as error:
            click.echo(f"hmix: {_harmless(error)}", err=True)
            are_of_data = isinstance(error, SourceError | StudyError | PublishError | CollectionError)
            data_are_wrong = are_of_data and not isinstance(error, SourceNameError)
            ctx.exit(DATA_ARE_WRONG if data_are_wrong else CALL_IS_WRONG)
        except OSError as error:
            if error.errno == errno.EPIPE:
                # The reader of the output closed it; click exits quietly.
                raise
            what = error.filename or "a file or a connection"
            said = f"{what} cannot be read or written: {error.strerror or error}"
            hint = f"free some space; {_CACHES}" if error.errno == errno.ENOSPC else f"{_PLACES}; {_CACHES}"
            click.echo(f"hmix: {said}\n  hint: {hint}", err=True)
            ctx.exit(CALL_IS_WRONG)


def _harmless(error: HMixError) -> str:
    """Return an error's message without control characters, line by line: names come from untrusted files."""
    from hmix_hub.studies.findings import printable

    return "\n".join(map(printable, str(error).split("\n")))


def _tell_warning(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
    click.echo(f"hmix: warning: {message}", err=True)


@click.group(cls=Verbs, lines=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hmix")
def main() -> None:
    """Human judgments of mixed images.

    The data come from the release, or from the source given by --source or HMIX_SOURCE: a folder with the six released
    files, the address of a mirror, or "sample", a built-in synthetic study.

    Exit status: 0 success, 1 invalid or unavailable data, 2 invalid call.
    """
    warnings.showwarning = _tell_warning
    if not sys.stderr.isatty():
        import os

        for name in ("HF_DATASETS_DISABLE_PROGRESS_BARS", "HF_HUB_DISABLE_PROGRESS_BARS"):
            os.environ.setdefault(name, "1")
