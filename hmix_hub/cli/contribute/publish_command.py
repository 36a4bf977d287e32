"""`hmix contribute publish`."""

from __future__ import annotations

import click

from hmix_hub.cli.contribute.options import study_argument
from hmix_hub.cli.text import size_text

_DONE = {
    "nothing": "version {version} is published already: {url}",
    "tagged": "version {version} was merged, and has its tag now: {url}",
    "merged": "version {version} was merged: {url}\n"
    "only those who may write can set its tag: ask an owner to run the same command",
    "pushed": "published version {version}: {url}",
    "open": "the pull request for version {version} stands, and waits to be merged: {url}",
    "requested": "opened a pull request for version {version}: {url}\n"
    "once it is merged, the same command sets the tag {version}",
}


@click.command("publish")
@study_argument
@click.option("--repo-id", required=True, metavar="ORG/NAME", help="Repository; made if it is not there.")
@click.option("--pull-request/--push", default=True, help="Open a pull request (default), or commit to main.")
@click.option("--private", is_flag=True, help="Make the repository private; refuse a public one that is there.")
@click.option("--dry-run", is_flag=True, help="Check and build, show every file, and upload nothing.")
@click.option("--synthetic", is_flag=True, help="Publish answers that a program made; they are refused otherwise.")
@click.option("--k", default=5, show_default=True, help="Fewest people who share their demographics.")
def command(
    folder: str, repo_id: str, pull_request: bool, private: bool, dry_run: bool, synthetic: bool, k: int
) -> None:
    """Publish a study on the Hugging Face Hub, through the login of `hf auth login` or HF_TOKEN.

    Safe to run again: an interrupted upload goes on, a published version is left alone, a merged one gets its tag.
    """
    from hmix_hub.contribute.publishing.publisher import publish

    done = publish(
        folder,
        repo_id,
        push=not pull_request,
        private=private,
        dry_run=dry_run,
        synthetic=synthetic,
        k=k,
        tell=lambda said: click.echo(said, err=True),
    )
    if done.action == "dry run":
        for name, mark in done.files.items():
            click.echo(f"{size_text(mark.size):>10}  {name}")
        total = sum(mark.size for mark in done.files.values())
        click.echo(f"{size_text(total):>10}  in {len(done.files)} files for {repo_id}, version {done.version}")
        click.echo("nothing was uploaded")
    else:
        click.echo(_DONE[done.action].format(version=done.version, url=done.url))
