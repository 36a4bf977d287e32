"""`hmix collect`: from a study file to a study folder of judgments."""

from __future__ import annotations

import re
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.cli.main import LazyGroup

if TYPE_CHECKING:
    from hmix_hub.suite.export.gathering import Gathered

_SELF, _DESIGN, _CHOOSING, _STATUS, _OPERATOR = (
    f"hmix_hub.cli.{name}"
    for name in ("collect", "collect_design", "collect_choosing", "collect_status", "collect_operator")
)
COMMANDS = {
    "init": (_DESIGN, "Write a study file to fill in."),
    "design": (_CHOOSING, "Choose the most informative stimuli to collect next."),
    "check": (_DESIGN, "Check the study file and show its design."),
    "words": (_DESIGN, "Print the words of the pages, to translate or edit."),
    "preview": (_SELF, "Preview every screen; nothing is stored."),
    "serve": (_SELF, "Serve the study and collect answers."),
    "deploy": (_SELF, "Write settings for nginx, Caddy, systemd and Docker."),
    "links": (_OPERATOR, "Issue personal links; each reserves a place."),
    "status": (_STATUS, "Show participants, batches and answers, live."),
    "amend": (_OPERATOR, "Apply changes of the study file to a running study."),
    "dashboard": (_OPERATOR, "Print the address of a running study's dashboard."),
    "withdraw": (_OPERATOR, "Delete everything one participant sent."),
    "exclude": (_OPERATOR, "Exclude one participant, or undo the exclusion."),
    "free": (_OPERATOR, "Release one participant's place for somebody else."),
    "close": (_OPERATOR, "Stop admitting participants; those who have started may finish."),
    "pause": (_OPERATOR, "Pause or resume a study."),
    "message": (_OPERATOR, "Show a message above every participant's page."),
    "export": (_SELF, "Write a study folder for `hmix contribute`."),
    "backup": (_SELF, "Copy a collection while it is being served."),
    "simulate": (_SELF, "Simulate participants with a known bias."),
}
_NEW_FILE = click.Path(path_type=Path, dir_okay=False)
collection_argument = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
"""A collection folder. Defined here, not with the shared options, whose imports take a quarter of a second."""


@click.group("collect", cls=LazyGroup, lines=COMMANDS)
def collect() -> None:
    """Collect judgments: init, design, check, preview, serve, status, close, export.

    A collection folder holds collection.yaml (who is asked what) and, once the study runs, the answers. `export` writes
    a study folder that `hmix contribute` accepts as it is. Needs `pip install "hmix-hub[suite]"`.
    """


@click.command("preview")
@collection_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: any free port.")
def preview(folder: Path, host: str, port: int) -> None:
    """Preview every screen of a study; nothing is stored, and texts may still be TODO."""
    from hmix_hub.suite.server import serving

    serving.preview(folder, host, port, tell=click.echo)


@click.command("serve")
@collection_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: any free port.")
@click.option(
    "--trial-run",
    is_flag=True,
    help="Allow unfinished (TODO) texts; pages are marked as a trial run and answers are excluded from the data.",
)
@click.option(
    "--dashboard-host",
    default="127.0.0.1",
    show_default=True,
    help="Address of the dashboard; prefer a tunnel (ssh -L) to opening another address.",
)
@click.option(
    "--dashboard-port",
    default=0,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port of the dashboard; 0: any free port.",
)
@click.option("--root-path", default="", metavar="PATH", help="Path under which a proxy serves the study.")
@click.option(
    "--trusted-proxy",
    multiple=True,
    metavar="ADDRESS",
    help="Address or network of a proxy whose forwarded client addresses are trusted; may be repeated.",
)
def serve(folder: Path, trial_run: bool, root_path: str, trusted_proxy: tuple[str, ...], **where: Any) -> None:
    """Serve the study and collect answers, from a laptop or a server.

    The study file is frozen when it is first served; later changes are refused, unless `hmix collect amend` can apply
    them. One process serves a collection. You can stop and restart it at any time: participants continue where they
    left off. For participants elsewhere, put an HTTPS server that does not log addresses in front of it: `hmix collect
    deploy` writes its settings.

    The second address printed is the dashboard's, for those who run the study. Whoever has it can do everything; it
    changes with every start.
    """
    from hmix_hub.suite.server import serving
    from hmix_hub.suite.server.proxy import Proxy

    proxy = Proxy.of(root_path, trusted_proxy)
    serving.serve(folder, proxy=proxy, trial_run=trial_run, tell=click.echo, **where)


@click.command("deploy")
@collection_argument
@click.option("--at", required=True, metavar="URL", help="Address participants open: https://example.org/pilot.")
@click.option("--to", "target", metavar="FOLDER", type=click.Path(path_type=Path), help="Folder to write [DIR/deploy].")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65534), help="Port behind the proxy.")
def deploy(folder: Path, at: str, target: Path | None, port: int) -> None:
    """Write server settings: nginx or Caddy for HTTPS, systemd or Docker to start the collection.

    The first lines of each file say where it belongs. Nothing else on this computer is changed.
    """
    from hmix_hub.suite.deployment import write_settings

    for file in write_settings(folder, target or folder / "deploy", at=at, port=port):
        click.echo(f"wrote {file}")
    click.echo("next: choose nginx.conf or Caddyfile, and hmix-collect.service or Dockerfile")


@click.command("export")
@collection_argument
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
@click.option("--unfinished", is_flag=True, help="Include answers of participants who have not finished.")
@click.option(
    "--layout",
    type=click.Choice(["study", "released"]),
    default="study",
    show_default=True,
    help="A study folder for `hmix contribute`, or CSV files in the layout of the H-Mix release.",
)
@click.option(
    "--months",
    metavar="FIRST:LAST",
    help="Months of the answers, 2026-03:2026-05, if the server's clock was wrong.",
)
@click.option("--comments", metavar="FILE", type=_NEW_FILE, help="File for participants' comments (JSON lines).")
@click.option("--quarantine", metavar="FILE", type=_NEW_FILE, help="File for quarantined answers (JSON lines).")
@click.option("--k", default=5, show_default=True, type=click.IntRange(1), help="Minimum size of a demographic group.")
def export(
    folder: Path,
    target: Path,
    unfinished: bool,
    layout: str,
    months: str | None,
    comments: Path | None,
    quarantine: Path | None,
    k: int,
) -> None:
    """Write the answers to a new folder TARGET, completely or not at all; also while the collection is served.

    Answers of participants who withdrew no longer exist. Participants get new ids, which reveal neither when they came
    nor from where; TARGET holds no clock times and no free text.
    """
    from hmix_hub.sources.study import JUDGMENT_FILES
    from hmix_hub.studies.folder import PARTICIPANTS
    from hmix_hub.suite.export.gathering import check_apart, check_beside, write_aside, write_comments
    from hmix_hub.suite.export.layouts import export_released, export_study

    for file in (comments, quarantine):
        if file is not None:
            check_beside(file, target)
    if comments is not None and quarantine is not None:
        check_apart(comments, quarantine)
    write = export_released if layout == "released" else partial(export_study, k=k, months=_months_of(months))
    done = write(folder, target, unfinished=unfinished)
    for name, rows in done.judgments.items():
        click.echo(f"wrote {rows:,} judgments to {target / name}")
    if done.is_synthetic:
        marked = (
            "column `synthetic`" if layout == "released" else "`synthetic: true` in study.yaml and a flag in every row"
        )
        click.echo(f"  SYNTHETIC: simulated participants or a trial run; marked with {marked}")
    if done.hidden is not None:
        number = len(done.gathered.people)
        click.echo(f"wrote {number:,} participant{'s' * (number != 1)} to {target / PARTICIPANTS}")
    if done.hidden:
        click.echo(f"  participants with demographics partly left out, as fewer than {k} share them: {done.hidden:,}")
    for line in _left_out(done.gathered, unfinished=unfinished):
        click.echo(f"  {line}")
    if comments is not None:
        click.echo(f"wrote {write_comments(folder, comments, unfinished=unfinished):,} texts to {comments}")
    if quarantine is not None:
        click.echo(f"wrote {write_aside(folder, quarantine):,} quarantined answers to {quarantine}")
    if layout == "study":
        click.echo(f"next: hmix contribute validate {shlex.quote(str(target))}")
        return
    # `h-mix` names the release itself and refuses other files in its layout.
    files = [target / name for name in done.judgments]
    task = next(task for task, name in JUDGMENT_FILES.items() if name == files[0].name)
    click.echo(f"next: hmix contribute import {shlex.join(map(str, files))} --to STUDY")
    click.echo(f"or in Python: hmix_hub.builders.readers.read_released({str(files[0])!r}, {task!r})")


def _months_of(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    first, _, last = text.partition(":")
    form = r"20[0-9]{2}-(0[1-9]|1[0-2])"
    if not re.fullmatch(form, first) or not re.fullmatch(form, last) or first > last:
        msg = f"{text!r} is not a first and a last month, such as 2026-03:2026-05"
        raise click.UsageError(msg)
    return first, last


def _left_out(gathered: Gathered, *, unfinished: bool) -> list[str]:
    """Return what was left out or looks odd, line by line; only what occurred."""
    told = {
        f"participants who have not finished: {gathered.unfinished:,}, {'included' if unfinished else 'left out'}": (
            gathered.unfinished
        ),
        f"participants who were excluded, left out: {gathered.excluded:,}": gathered.excluded,
        f"participants who finished late: {gathered.late:,}, marked x_late in their rows": gathered.late,
        f"faulty answers, left out: {gathered.quarantined:,}; --quarantine FILE writes them": gathered.quarantined,
        f"answers received twice that differ: {gathered.conflicts:,}; the first one counts": gathered.conflicts,
    }
    return [line for line, count in told.items() if count]


@click.command("backup")
@collection_argument
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
def backup(folder: Path, target: Path) -> None:
    """Copy a collection to a new folder and check the copy, even while it is being served.

    TARGET holds the whole collection: study file, pictures, key and answers. It can be exported and served as it is.
    Keep it as safe as the collection; answers withdrawn later stay in it until you delete it.
    """
    from hmix_hub.suite.store.store import Store

    with Store.open(folder, read_only=True) as store:
        store.backup(target)
    with Store.open(target, read_only=True) as copy:
        answers = sum(count.answers for count in copy.counts())
    click.echo(f"wrote {answers:,} answers to {target}")
    click.echo(f"to look at them: hmix collect status {shlex.quote(str(target))}")


@click.command("simulate")
@collection_argument
@click.argument("target", metavar="[TARGET]", required=False, type=click.Path(path_type=Path))
@click.option("--url", metavar="ADDRESS", help="Take part through a server of this study that is already running.")
@click.option(
    "--people",
    metavar="N",
    type=click.IntRange(1),
    help="Maximum number of participants (default: until every batch is full).",
)
@click.option("--bias", default=0.08, show_default=True, type=click.FloatRange(-0.3, 0.3), help="Bias towards image 1.")
@click.option("--noise", default=0.12, show_default=True, type=click.FloatRange(0, 0.45), help="Answer noise.")
@click.option("--spread", default=0.02, show_default=True, type=click.FloatRange(0, 0.2), help="Spread of biases.")
@click.option("--hysteresis", default=0.0, show_default=True, type=click.FloatRange(-1, 1), help="Pull to the start.")
@click.option("--dropouts", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Dropout rate.")
@click.option("--bots", default=0, metavar="N", type=click.IntRange(0), help="Number of bots, which do not wait.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of participants and answers.")
@click.option("--workers", default=8, show_default=True, type=click.IntRange(1, 256), help="Participants at a time.")
@click.option("--cifar10", metavar="PATH", help="Location of CIFAR-10; see `hmix show --help`.")
def simulate(
    folder: Path, target: Path | None, bias: float, noise: float, spread: float, hysteresis: float, **options: Any
) -> None:
    """Simulate participants with a known bias, who take part in the study of DIR over HTTP.

    They go through consent, instructions, quiz, trials and comments as the page does, and look at the pixels of the
    pictures. TARGET is a new collection marked as synthetic; `hmix collect export` exports its answers.

    The planted bias is the excess of image 1 in the mean answer: in the inferred share, the share of the more probable
    class, or the coefficient of the picture that looks like a 50/50 mixture.
    """
    from tqdm import tqdm

    from hmix_hub.suite.simulation.simulate import simulate as take_part
    from hmix_hub.suite.tasks.perception import Perception

    perception = Perception(bias=bias, noise=noise, spread=spread, hysteresis=hysteresis)
    with tqdm(unit=" answers", leave=False, disable=not sys.stderr.isatty()) as bar:
        done = take_part(folder, target, perception=perception, progress=bar.update, **options)
    click.echo(
        f"{len(done.parts):,} simulated participants gave {done.answers:,} answers; {done.left:,} left before the end"
    )
    for task, finished in sorted(done.finished.items()):
        click.echo(f"  {task}: {finished:,} finished")
    if done.bots:
        click.echo(f"  {done.bots:,} of them were bots, which report times that never passed")
    if done.is_full:
        click.echo("  every batch is full")
    click.echo(f"planted bias {bias:+g} towards image 1 (noise {noise:g}, spread {spread:g}, seed {done.seed})")
    if target is not None:
        click.echo(f"next: hmix collect export {shlex.quote(str(target))} {shlex.quote(f'{target}-export')}")
