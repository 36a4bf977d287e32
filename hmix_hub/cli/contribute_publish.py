"""`hmix contribute publish`: a study, and its explorer, on the Hugging Face Hub."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.cli.options import space_options
from hmix_hub.cli.output import size_text

if TYPE_CHECKING:
    from hmix_hub.contribute.publishing.publisher import Published
    from hmix_hub.studies.opened import Space

_DONE = {
    "nothing": "version {version} is already published: {url}",
    "tagged": "version {version} was merged and is now tagged: {url}",
    "merged": "version {version} was merged: {url}\n"
    "setting its tag needs write access: ask an owner to run the same command",
    "pushed": "published version {version}: {url}",
    "open": "the pull request for version {version} is waiting to be merged: {url}",
    "requested": "opened a pull request for version {version}: {url}\n"
    "once it is merged, run the same command to set the tag {version}",
}


@click.command("publish", short_help="Publish on the Hugging Face Hub.")
@click.argument("folder", metavar="DIR")
@click.option("--repo-id", required=True, metavar="ORG/NAME", help="Repository; created if missing.")
@click.option("--pull-request/--push", default=True, help="Open a pull request (default), or commit to main.")
@click.option("--private", is_flag=True, help="Create a private repository; refuse an existing public one.")
@click.option("--dry-run", is_flag=True, help="Check, build and list every file; upload nothing.")
@click.option("--synthetic", is_flag=True, help="Publish answers made by a program; they are refused otherwise.")
@click.option("--k", default=5, show_default=True, help="Smallest number of participants who must share demographics.")
@click.option("--built", metavar="DIR", help="Folder that keeps what is built; it is rebuilt when the study changes.")
@click.option(
    "--space",
    "explorer_space",
    is_flag=False,
    flag_value="",
    metavar="[ORG/NAME]",
    help="Publish the explorer as well, in a Space; without a name, in that of the repository with -explorer appended.",
)
@space_options
def publish_command(
    folder: str,
    repo_id: str,
    pull_request: bool,
    explorer_space: str | None,
    space: Space,
    private: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Publish a study on the Hugging Face Hub, through the login of `hf auth login` or HF_TOKEN.

    Safe to run again: an interrupted upload resumes, a published version is left alone, a merged one gets its tag.
    """
    from hmix_hub.contribute.publishing.publisher import publish
    from hmix_hub.contribute.publishing.space import check_space, publish_space
    from hmix_hub.studies.study import Study

    # Checked first, so that a typing error does not come to light after the dataset was published.
    place = None if explorer_space is None else check_space(explorer_space or f"{repo_id}-explorer")
    study = Study.open(folder, space=space)
    common: dict[str, Any] = {"private": private, "dry_run": dry_run, "tell": partial(click.echo, err=True)}
    done = publish(study, repo_id, push=not pull_request, **common, **options)
    _echo_published(done, repo_id)
    if place is None:
        return
    if done.action in {"requested", "open"}:
        click.echo("once it is merged, run the same command to publish the explorer")
        return
    shown = publish_space(study, repo_id, place, **common)
    if dry_run:
        _echo_published(shown, f"the Space {place}")
    else:
        click.echo(f"published the explorer: {shown.url}")


def _echo_published(done: Published, place: str) -> None:
    if done.action != "dry run":
        click.echo(_DONE[done.action].format(version=done.version, url=done.url))
        return
    for name, mark in done.files.items():
        click.echo(f"{size_text(mark.size):>10}  {name}")
    total = sum(mark.size for mark in done.files.values())
    click.echo(f"{size_text(total):>10}  in {len(done.files)} files for {place}, version {done.version}")
    click.echo("nothing was uploaded")
