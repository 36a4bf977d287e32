"""`hmix report` and `hmix explain`: findings with their intervals, and the judgments behind each number."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.cli.options import dask_option, json_option, source_option
from hmix_hub.cli.output import echo_json, echo_table, tell_on_terminal
from hmix_hub.datasets_by_name import H_MIX

if TYPE_CHECKING:
    from hmix_hub.findings.report import Explanation, Report

ROWS_ON_SCREEN = 20
_NUMBERS_ON_SCREEN = 6
"""Maximum number of figures per finding in the summary."""

datasets_argument = click.argument("datasets", metavar="[DATASET]...", nargs=-1)
"""The loaders check the names; default: H-Mix."""
seed_option = click.option("--seed", default=0, show_default=True, help="Seed of the intervals.")


@click.command("report")
@datasets_argument
@source_option
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for report.html and report.json; default: print only the summary.",
)
@seed_option
@dask_option
@json_option
def report(
    datasets: tuple[str, ...], source: str | None, output: Path | None, seed: int, dask: str | None, as_json: bool
) -> None:
    """Report findings about judgments, with 95 % intervals, as a page with figures and tables.

    DATASET is h-mix (default), the folder of a study, or its repository on the Hub, ORG/NAME; several are combined. The
    page is a single file that needs no network; `hmix explain` lists the judgments behind its numbers.
    """
    from hmix_hub.cli.data import writing
    from hmix_hub.findings.page.writing import numbers_text, write_report

    made = _report(datasets, source, seed=seed, dask=dask)
    written = None
    if output is not None:
        tell_on_terminal("drawing")
        with writing(output):
            written = write_report(made, output, call=_call(datasets, source, seed))
    if as_json:
        click.echo(numbers_text(made), nl=False)
    else:
        _echo_summary(made)
    if written is not None:
        click.echo(f"wrote {written} and {written.with_suffix('.json').name}", err=as_json)


def _report(datasets: tuple[str, ...], source: str | None, *, seed: int, dask: str | None = None) -> Report:
    """Return the report, and write to stderr, apart from the output, which judgments were made by a program."""
    from hmix_hub.findings.page.view import origin_of_report
    from hmix_hub.findings.report import report as make

    tell_on_terminal("reading judgments and computing intervals")
    made = make(*(datasets or (H_MIX,)), source=source, seed=seed, client=dask)
    if mark := origin_of_report(made).mark:
        click.echo(f"hmix: {mark}", err=True)
    return made


def _call(datasets: tuple[str, ...], source: str | None, seed: int) -> list[str]:
    """Return the arguments that select the same judgments; only the name of a folder, not its path.

    A page may be published, and a path could name the folder's owner.
    """
    named = [Path(name).name if Path(name).is_dir() else name for name in datasets]
    sources = [] if source is None else ["--source", source if source in {"sample", "release"} else "SOURCE"]
    return [*named, *sources, *(["--seed", str(seed)] if seed else [])]


def _echo_summary(made: Report) -> None:
    from hmix_hub.findings.wording import interval_text, value_text
    from hmix_hub.studies.findings import printable

    rows: list[dict[str, Any]] = []
    for finding in made.findings:
        shown = finding.numbers[:_NUMBERS_ON_SCREEN]
        rows += [
            {
                "number": printable(number.id),
                "value": value_text(number.value, number.unit),
                "95 % interval": interval_text(number),
                "judgments": number.n_judgments,
                "participants": number.n_participants,
            }
            for number in shown
        ]
        if more := len(finding.numbers) - len(shown):
            rows.append(dict.fromkeys(rows[-1]) | {"number": f"  and {more} more of {finding.id}"})
    if rows:
        echo_table(rows)
    for sentence in made.missing:
        click.echo(printable(sentence))


@click.command("explain")
@click.argument("number", metavar="NUMBER-ID")
@datasets_argument
@source_option
@seed_option
@click.option("--all", "all_rows", is_flag=True, help=f"List every judgment, not only the first {ROWS_ON_SCREEN}.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "csv", "json")),
    default="table",
    show_default=True,
    help="csv and json list every judgment.",
)
def explain(number: str, datasets: tuple[str, ...], source: str | None, seed: int, all_rows: bool, form: str) -> None:
    """List the judgments behind a number of `hmix report`: file, row and sha256 of each.

    Give the same DATASETs and --source as for the report. Rows count from 0, without the header.
    """
    made = _report(datasets, source, seed=seed)
    found = made.explain(number)
    if form == "json":
        echo_json(_as_dict(found))
    elif form == "csv":
        click.echo(_csv(found), nl=False)
    else:
        _echo_explanation(found, ROWS_ON_SCREEN if not all_rows else None)


def _fields(found: Explanation) -> Iterator[dict[str, Any]]:
    """Return each judgment as a row: its place, its participant, and the values."""
    for row in found.rows:
        yield {
            "file": row.file,
            "row": row.row,
            "sha256": row.sha256,
            "judgment_id": row.judgment_id,
            "study_id": row.study_id,
            "participant_id": row.participant_id,
            "source_file": row.source_file,
            "source_row": row.source_row,
            **dict(zip(found.columns, row.values, strict=True)),
        }


def _as_dict(found: Explanation) -> dict[str, Any]:
    from hmix_hub.findings.page.writing import describe_number

    return describe_number(found.number) | {"judgments_behind_it": list(_fields(found))}


def _csv(found: Explanation) -> str:
    stream = io.StringIO()
    rows = list(_fields(found))
    writer = csv.DictWriter(stream, list(rows[0]) if rows else ["file", "row", "sha256"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()})
    return stream.getvalue()


def _echo_explanation(found: Explanation, most: int | None) -> None:
    from hmix_hub.findings.wording import counted, number_text
    from hmix_hub.studies.findings import printable

    number = found.number
    unit = f" ({number.unit})" if number.unit and number.unit != "percent" else ""
    click.echo(printable(f"{number.id}: {number.label}"))
    click.echo(printable(f"  {number_text(number)}{unit}"))
    if number.note:
        click.echo(printable(f"  {number.note}"))
    people = counted(number.n_participants, "participant")
    click.echo(
        f"  computed from {counted(number.n_judgments, 'judgment')} by {people}; columns {', '.join(found.columns)}\n"
    )
    files = Counter((row.study_id, row.file, row.sha256) for row in found.rows)
    echo_table(
        [
            {"study": printable(study), "file": printable(file), "judgments": count, "sha256": sha256 or "not known"}
            for (study, file, sha256), count in files.items()
        ]
    )
    click.echo()
    shown = found.rows[:most]
    # Files of different studies may share a name.
    has_studies = len({study for study, _, _ in files}) > 1
    echo_table(
        [
            ({"study": printable(row.study_id)} if has_studies else {})
            | {"file": printable(row.file), "row": row.row, "participant_id": printable(row.participant_id)}
            | {name: _cell(value) for name, value in zip(found.columns, row.values, strict=True)}
            for row in shown
        ]
    )
    if more := len(found.rows) - len(shown):
        click.echo(f"\u2026 and {more:,} more; --all lists them, --format csv or json for programs")


def _cell(value: Any) -> Any:
    """Return a value for a table on the screen: texts without control characters, short numbers and lists."""
    from hmix_hub.studies.findings import printable

    if isinstance(value, float):
        return json.loads(f"{value:.6g}")
    if isinstance(value, list):
        return printable(", ".join(str(_cell(item)) for item in value))
    return printable(value) if isinstance(value, str) else value
