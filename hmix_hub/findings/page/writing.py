"""Writing a report: the page and the numbers as JSON, each written atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from hmix_hub import __version__
from hmix_hub.errors import ConfigurationError
from hmix_hub.files import replace_file
from hmix_hub.findings.finding import Finding, Number
from hmix_hub.findings.page.view import origin_of_report, view_of
from hmix_hub.findings.report import Report
from hmix_hub.resampling import finite
from hmix_hub.schema import CURRENT
from hmix_hub.studies.findings import printable

PAGE, NUMBERS = "report.html", "report.json"
_FORM = "1.0.0"
"""Version of the JSON format."""


def write_report(report: Report, folder: str | os.PathLike[str], *, call: Sequence[str] = ()) -> Path:
    """Write a report as a page and as JSON.

    Parameters
    ----------
    report
        From `hmix_hub.report`.
    folder
        Folder for `report.html`, which needs no scripts or network, and `report.json`, all its numbers. The folder is
        created if it does not exist; existing files of these names are replaced.
    call
        Arguments of `hmix report` for these judgments, such as `["my-study"]`, for the commands on the page that list
        the rows behind its numbers. Defaults to none, which is H-Mix.

    Returns
    -------
    pathlib.Path
        Path of the page. The same judgments and library versions give the same bytes.

    Raises
    ------
    ConfigurationError
        If `folder` is a file.
    OSError
        If a file cannot be written; existing files are unchanged.

    Examples
    --------
    >>> import hmix_hub, tempfile
    >>> report = hmix_hub.report("h-mix", source="sample", resamples=100)
    >>> page = hmix_hub.write_report(report, tempfile.mkdtemp(), call=["--source", "sample"])
    >>> page.name, page.stat().st_size > 100_000
    ('report.html', True)
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        msg = f"{str(place)!r} is a file, not a folder"
        raise ConfigurationError(msg, hint="name a folder for report.html and report.json")
        # Generate both before writing either.
    contents = {PAGE: page_text(report, call), NUMBERS: numbers_text(report)}
    for name, text in contents.items():
        replace_file(place / name, text.encode())
    return place / PAGE


def page_text(report: Report, call: Sequence[str] = ()) -> str:
    """Return the page of a report: one HTML document with style and figures included."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        autoescape=True, finalize=_safe, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # For the package's own style and figures, in which names are already escaped.
    environment.filters["drawn"] = Markup
    files = resources.files("hmix_hub.findings.page")
    template, style = (files.joinpath(f"page.{kind}").read_text(encoding="utf-8") for kind in ("html.jinja", "css"))
    return environment.from_string(template).render(page=view_of(report, call), style=Markup(style))  # noqa: S704


def _safe(content: Any) -> Any:
    """Escape characters that are invisible or change the direction of text; HTML is left as it is."""
    return printable(content) if isinstance(content, str) and not hasattr(content, "__html__") else content


def numbers_text(report: Report) -> str:
    """Return all numbers of a report as strict JSON, with intervals and numbers of judgments."""
    origin = origin_of_report(report)
    content = {
        "form": _FORM,
        "hmix_hub": __version__,
        "schema_version": CURRENT,
        "datasets": list(report.datasets),
        "synthetic": origin.mark or None,
        "method": report.method,
        "seed": report.seed,
        "resamples": report.resamples,
        "missing": list(report.missing),
        "files": [vars(source) for source in report.sources],
        "findings": [_described(finding) for finding in report.findings],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _described(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "title": finding.title,
        "text": finding.text,
        "method": finding.method,
        "numbers": [describe_number(number) for number in finding.numbers],
    }


def describe_number(number: Number) -> dict[str, Any]:
    """Return a number as JSON-serializable data; undefined values are `None`."""
    return {
        "id": number.id,
        "label": number.label,
        "value": finite(number.value),
        "low": finite(number.low),
        "high": finite(number.high),
        "unit": number.unit,
        "judgments": number.n_judgments,
        "participants": number.n_participants,
        "note": number.note,
        "table": number.rows.table,
        "columns": list(number.rows.columns),
        "rows": len(number.rows),
    }
