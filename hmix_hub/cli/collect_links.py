"""`hmix collect links`: personal links, for mails or as the custom links of a recruiting platform."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click

from hmix_hub.files import new_file
from hmix_hub.suite.export.gathering import new_place
from hmix_hub.suite.operator.actions import Links
from hmix_hub.suite.operator.channel import carry_out
from hmix_hub.suite.study.id_list import read_ids
from hmix_hub.suite.study.reading import read_study_file

_AT_ONCE = 1000
"""Ids that one request to the serving process holds."""
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("links")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--n", "count", default=0, type=click.IntRange(0, 100_000), help="How many links for anybody.")
@click.option("--for", "ids", metavar="IDS", type=_FILE, help="CSV of recruiting ids: each gets a link of its own.")
@click.option("--base", metavar="URL", default="", help="Address of the study, before the links: https://example.org/")
@click.option("-o", "--output", metavar="FILE", type=_FILE, help="Write the CSV here, for its owner alone.")
@click.option("--revoke", is_flag=True, help="Revoke the links that nobody has opened.")
def links(folder: Path, count: int, ids: Path | None, base: str, output: Path | None, revoke: bool) -> None:
    """Issue personal links; each keeps a place until its person has one, and begins one session.

    The CSV has the columns number, id (with --for) and link. A link is signed: nobody can make one up, and whoever has
    it can go on with the session that it began, so send each to one person. The same ids get the same links again. The
    collection must have begun; it may be served meanwhile.
    """
    if not (count or ids or revoke):
        msg = "say how many links: --n 200, or whose: --for ids.csv; or --revoke"
        raise click.UsageError(msg)
    place = None if output is None else new_place(output)
    recruiting = read_study_file(folder, allow_placeholders=True).recruiting
    known = [] if ids is None else read_ids(ids, str(ids), recruiting)
    if revoke:
        revoked = carry_out(folder, Links(revoke=True))["revoked"]
        click.echo(f"revoked {revoked:,} links that nobody had opened", err=True)
    rows = []
    for start in range(0, len(known), _AT_ONCE):
        part = known[start : start + _AT_ONCE]
        told = carry_out(folder, Links(recruiting_ids=part))
        rows += [(given, link) for given, link in zip(part, told["links"], strict=True)]
    if count:
        rows += [("", link) for link in carry_out(folder, Links(count=count))["links"]]
    if not rows:
        return
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["number", *(["id"] if known else []), "link"])
    for given, link in rows:
        table.writerow([link["number"], *([given] if known else []), f"{base}?link={link['link']}"])
    if place is None:
        click.echo(written.getvalue(), nl=False)
        return
    new_file(place, written.getvalue().encode())
    click.echo(f"wrote {len(rows):,} personal links to {output}")
    if not base:
        click.echo("put the study's address before each link, or name it with --base")
