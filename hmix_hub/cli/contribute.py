"""`hmix contribute`: from local files to a published dataset."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from hmix_hub.cli.contribute_import import import_command, pictures_command, propose_map
from hmix_hub.cli.contribute_publish import publish_command
from hmix_hub.cli.options import client_option, json_option, space_options
from hmix_hub.cli.output import echo_json, echo_report, echo_table, row_progress, size_text, tell_on_terminal
from hmix_hub.tasks import DEFAULT_TASK, TASKS

if TYPE_CHECKING:
    from distributed import Client

    from hmix_hub.studies.opened import Space
    from hmix_hub.studies.study import Study

study_argument = click.argument("folder", metavar="DIR")


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group("contribute", cls=_InOrder)
def contribute() -> None:
    """Contribute a study: init or import, validate, fix, privacy, build, publish.

    A study folder holds study.yaml (what the study is), judgments/<task>.csv, .jsonl or .parquet (the answers), and
    optionally participants.csv and stimuli/. CONTRIBUTING.md leads from a raw file to a published dataset.
    """


@contribute.command("init", short_help="Write a study folder to fill in.")
@study_argument
@click.option(
    "--task",
    "tasks",
    multiple=True,
    default=[DEFAULT_TASK],
    show_default=True,
    type=click.Choice(list(TASKS)),
    help="Task to start a judgment file for; may be repeated.",
)
@click.option("--example", is_flag=True, help="Write a complete, valid, synthetic study of the task as an example.")
def _init(folder: str, tasks: tuple[str, ...], example: bool) -> None:
    """Write a study folder to fill in: a commented study.yaml and a header for each task."""
    from hmix_hub.contribute.starter import write_starter

    for name in write_starter(folder, tasks, is_example=example):
        click.echo(f"wrote {folder.rstrip('/')}/{name}")
    first = "" if example else "replace every TODO in study.yaml, add the judgments, "
    click.echo(f"next: {first}hmix contribute validate {shlex.quote(folder)}")


contribute.add_command(import_command)
contribute.add_command(pictures_command)
contribute.add_command(publish_command)
contribute.add_command(propose_map)


@contribute.command("validate", short_help="Check every rule over every row.")
@study_argument
@click.option("--draft", is_flag=True, help="Allow the starter's TODOs: report them as warnings.")
@json_option
@space_options
@client_option
@click.pass_context
def _validate(ctx: click.Context, folder: str, draft: bool, as_json: bool, space: Space, client: Client | None) -> None:
    """Check every rule over every row of a study folder and report all problems at once.

    Exit status: 0 no errors (there may be warnings), 1 errors, 2 invalid call. `hmix rules CODE` explains a rule.
    """
    from hmix_hub.contribute.checking import check_study
    from hmix_hub.studies.study import Study

    with row_progress() as progress:
        report = check_study(Study.open(folder, is_draft=draft, progress=progress, space=space, client=client))
    ctx.exit(echo_report(report, as_json))


@contribute.command("fix", short_help="Apply the safe fixes and show each.")
@study_argument
@click.option("--dry-run", is_flag=True, help="Only show what would be fixed; write nothing.")
@click.pass_context
def _fix(ctx: click.Context, folder: str, dry_run: bool) -> None:
    """Apply the fixes that need no decision to a study's CSV files, show each, and report what is left.

    `hmix rules` shows which rules have such a fix. Keep your raw exports: files are overwritten.
    """
    from hmix_hub.contribute.fixing import fix
    from hmix_hub.studies.study import Study

    fixes, report = fix(Study.open(folder, is_draft=True), dry_run=dry_run)
    for applied in fixes:
        place = f"{applied.file}, column {applied.column}" if applied.column else applied.file
        times = f", {applied.count:,} times" if applied.count > 1 else ""
        click.echo(f"{applied.rule.code} {applied.rule.name}  {place}{times}: {applied.rule.automatic_fix}")
        for row, before, after in applied.examples:
            where = "" if row is None else f"row {row}: "
            click.echo(f"    {where}{before!r} -> {after!r}")
    if not fixes:
        click.echo("nothing that can be fixed without a decision")
    click.echo("nothing was written\n" if dry_run else "")
    ctx.exit(echo_report(report, as_json=False))


@contribute.command("privacy", short_help="Find what could identify participants.")
@study_argument
@click.option(
    "--k",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Smallest number of participants who must share each combination of demographics.",
)
@json_option
@click.pass_context
def _privacy(ctx: click.Context, folder: str, k: int, as_json: bool) -> None:
    """Search a study folder for anything that could identify a participant.

    Looks for ids of recruiting platforms, addresses, phone numbers, dates, user agents, free text and rare
    demographics. Only the first two characters and the length of what is found are shown.

    Exit status: 0 no errors (there may be warnings), 1 errors, 2 invalid call. `hmix rules CODE` explains a rule.
    """
    from hmix_hub.contribute.privacy.scan import scan_privacy
    from hmix_hub.studies.study import Study

    ctx.exit(echo_report(scan_privacy(Study.open(folder), k=k), as_json))


@contribute.command("pseudonymize", short_help="Replace participant ids by keyed pseudonyms.")
@study_argument
@click.option("--key", metavar="FILE", required=True, help="The key file, outside DIR; created if missing.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done; write nothing.")
def _pseudonymize(folder: str, key: str, dry_run: bool) -> None:
    """Replace participant ids by pseudonyms that only the key file can link to them, consistently across files.

    Ids already replaced with this key are left alone. Keep the key file apart from the study, and destroy it when
    participants no longer need to be found; without it, the pseudonyms cannot be traced.

    Exit status: 0 success, 1 the study cannot be pseudonymized as it is, 2 invalid call.
    """
    from hmix_hub.contribute.pseudonyms.pseudonymize import pseudonymize
    from hmix_hub.studies.study import Study

    for done in pseudonymize(Study.open(folder), key, dry_run=dry_run):
        left = f"; {', '.join(done.dropped)} left out, as it is computed" if done.dropped else ""
        click.echo(f"{done.file}: {done.replaced:,} of {done.people:,} ids replaced in {done.rows:,} rows{left}")
    if dry_run:
        click.echo("dry run: nothing was written")


@contribute.command("stats", short_help="Compute and plot the study's statistics.")
@study_argument
@json_option
@space_options
@client_option
def _stats(folder: str, as_json: bool, space: Space, client: Client | None) -> None:
    """Compute a study's statistics into statistics.json and plot them into statistics/."""
    from hmix_hub.contribute.building import write_generated
    from hmix_hub.contribute.description.totals import study_statistics
    from hmix_hub.studies.folder import FIGURES, STATISTICS
    from hmix_hub.studies.study import Study

    study = Study.open(folder, is_draft=True, space=space, client=client)
    written, statistics = write_generated(study, [STATISTICS, FIGURES]), study_statistics(study)
    if as_json:
        echo_json(statistics)
        return
    counts = ("judgments", "repeats", "people", "stimuli")
    tasks = statistics["tasks"].items()
    # Rows that pool their participants are not judgments.
    shown = {task: of if "people" in of else {"stimuli": of["stimuli"]} for task, of in tasks}
    echo_table([{"task": task} | {name: of.get(name, "-") for name in counts} for task, of in shown.items()])
    for task, figures in tasks:
        if votes := figures.get("votes"):
            unknown = f"; {votes['missing']:,} stimuli lack their number" if votes["missing"] else ""
            click.echo(f"{task}: {votes['total']:,} votes, not attributed to participants{unknown}")
        if made := figures.get("soft_label"):
            asked = ", ".join(made["asked"]) or "nothing else"
            click.echo(f"{task}: also asked: {asked}; soft labels: {made['procedure']}")
    for name in written:
        click.echo(f"wrote {folder.rstrip('/')}/{name}")


@contribute.command("card", short_help="Write the dataset card.")
@study_argument
@space_options
def _card(folder: str, space: Space) -> None:
    """Write the dataset card, README.md, from study.yaml and the statistics; do not edit it by hand."""
    from hmix_hub.studies.folder import CARD

    _generate(folder, CARD, space)


def _generate(folder: str, name: str, space: Space) -> None:
    from hmix_hub.contribute.building import write_generated
    from hmix_hub.studies.study import Study

    for written in write_generated(Study.open(folder, is_draft=True, space=space), [name]):
        click.echo(f"wrote {folder.rstrip('/')}/{written}")


@contribute.command("croissant", short_help="Write the Croissant description.")
@study_argument
@space_options
def _croissant(folder: str, space: Space) -> None:
    """Write the Croissant description, croissant.json (JSON-LD); do not edit it by hand.

    With the extra `croissant` installed, `mlcroissant validate --jsonld` checks it.
    """
    from hmix_hub.studies.folder import CROISSANT

    _generate(folder, CROISSANT, space)


@contribute.command("build", short_help="Write the publishable form: Parquet, card, statistics, checksums.")
@study_argument
@click.option("-o", "--output", required=True, metavar="OUT", help="Folder to write: new, empty, or built before.")
@space_options
@client_option
def _build(folder: str, output: str, space: Space, client: Client | None) -> None:
    """Write the publishable form of a study: Parquet, card, Croissant, statistics, checksums.

    The same study gives the same bytes. `sha256sum --check SHA256SUMS` checks them.
    """
    from hmix_hub.contribute.building import build
    from hmix_hub.studies.study import Study

    with row_progress() as progress:
        study = Study.open(folder, progress=progress, space=space, client=client)
        built = build(study, output, tell=tell_on_terminal)
    for name, mark in built.files.items():
        click.echo(f"{size_text(mark.size):>10}  {name}")
    click.echo(f"wrote {len(built.files)} files to {output}")
    if not warn_if_private(study, folder, "publishing refuses"):
        click.echo(f"next: hmix contribute publish {shlex.quote(folder)} --repo-id ORG/NAME --dry-run")


@contribute.command("psychds", short_help="Write the study as a Psych-DS dataset.")
@study_argument
@click.option("-o", "--output", required=True, metavar="OUT", help="Folder to write: new or empty.")
def _psychds(folder: str, output: str) -> None:
    """Write a study in the Psych-DS convention: CSV files, each column described in dataset_description.json.

    Check it with the convention's validator: psychds-validator from npm, or https://psych-ds.github.io/validator.
    """
    from hmix_hub.contribute.psych_ds import write_psych_ds
    from hmix_hub.studies.study import Study

    with row_progress() as progress:
        study = Study.open(folder, progress=progress)
        for name in write_psych_ds(study, output):
            click.echo(f"wrote {output.rstrip('/')}/{name}")
    warn_if_private(study, folder, "this must not be shared yet")


def warn_if_private(study: Study, folder: str, then: str) -> bool:
    """Warn about findings of the privacy check, and return whether there are any."""
    from hmix_hub.contribute.privacy.scan import scan_privacy

    private = len(scan_privacy(study).errors)
    if private:
        told = f"{private} finding{'s' if private > 1 else ''} could identify participants, and {then}"
        click.echo(f"hmix: {told}: hmix contribute privacy {shlex.quote(folder)}", err=True)
    return private > 0


@contribute.command("schema", short_help="Print the JSON Schema of study.yaml.")
@click.option("--map", "of_map", is_flag=True, help="Print the schema of a column map for `import` instead.")
def _schema(of_map: bool) -> None:
    """Print the JSON Schema of study.yaml, for completion and checks in editors."""
    from hmix_hub.importing.column_map import map_schema
    from hmix_hub.studies.manifest_file import shipped_schema

    click.echo(map_schema() if of_map else shipped_schema(), nl=False)
