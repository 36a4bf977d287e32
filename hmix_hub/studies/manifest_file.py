"""The file `study.yaml`: reading it, with findings that give line numbers, and its JSON Schema."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from hmix_hub.errors import SchemaVersionError
from hmix_hub.files import is_plain_inside
from hmix_hub.schema import CURRENT, JUDGMENT_TABLE, RELEASED, check_version
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_fields import WITH_PLACEHOLDERS, is_placeholder, schema_of
from hmix_hub.studies.rules import manifest as rules
from hmix_hub.yaml_file import BadFileError, YamlFile, fault_text, read_yaml, texts_in

_LONGEST_NOTE = 400


def read_manifest(folder: Path, report: Report, *, is_draft: bool = False, is_lenient: bool = False) -> Manifest | None:
    """Read the manifest of a study folder.

    Parameters
    ----------
    folder
        The study folder.
    report
        Receives all findings.
    is_draft
        Whether placeholders are allowed.
    is_lenient
        Whether to ignore unknown fields, which a newer package may have written.

    Returns
    -------
    Manifest or None
        The manifest; `None` if it is invalid.
    """
    path = folder / MANIFEST
    # Links that point elsewhere are reported by `find_files`; nothing outside the folder is opened.
    if not is_plain_inside(path, folder):
        report.add(rules.MISSING, file=MANIFEST)
        return None
    try:
        tree = read_yaml(path)
    except BadFileError as error:
        report.add(rules.UNREADABLE, file=MANIFEST, note=str(error))
        return None
    _check_placeholders(tree, report, is_draft=is_draft)
    if not _check_version(tree, report):
        return None
    return _model(tree, report, is_lenient=is_lenient)


def _check_version(tree: YamlFile, report: Report) -> bool:
    version = tree.content.get("schema_version", CURRENT)
    try:
        known = check_version(version) != RELEASED
        note = "" if known else f"contributed studies use schema {CURRENT} or {JUDGMENT_TABLE}"
    except SchemaVersionError as error:
        known, note = False, f"{error.message}; {error.hint}"
    if not known:
        report.add(rules.SCHEMA_VERSION, file=MANIFEST, column="schema_version", value=version, note=note)
    return known


def _check_placeholders(tree: YamlFile, report: Report, *, is_draft: bool) -> None:
    for path, value in texts_in(tree.content):
        if is_placeholder(value):
            report.add(
                rules.UNFINISHED_DRAFT if is_draft else rules.UNFINISHED,
                file=MANIFEST,
                value=value,
                note=f"{_dotted(path)}, line {tree.lines[path]}",
            )


def _model(tree: YamlFile, report: Report, *, is_lenient: bool) -> Manifest | None:
    from pydantic import ValidationError

    try:
        # An empty field counts as omitted.
        given = {name: value for name, value in tree.content.items() if value is not None}
        # Placeholders are findings of their own; check the rest.
        return Manifest.model_validate(given, extra="ignore" if is_lenient else None, context=WITH_PLACEHOLDERS)
    except ValidationError as error:
        for problem in error.errors():
            path = tuple(part for part in problem["loc"] if _is_in(tree, part))
            line = tree.line_of(path)
            report.add(
                rules.INVALID,
                file=MANIFEST,
                column=_dotted(path),
                value=problem["input"] if isinstance(problem["input"], str) else None,
                note=f"line {line}: {fault_text(problem, Manifest)[:_LONGEST_NOTE]}",
            )
        return None


def _is_in(tree: YamlFile, part: str | int) -> bool:
    """Return whether part of an error's location is in the file, rather than one of the model's alternatives."""
    return isinstance(part, int) or any(part in path for path in tree.lines) or part in Manifest.model_fields


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


FILE = "study.schema.json"


def schema_text() -> str:
    """Return the JSON Schema generated from the model."""
    return schema_of(Manifest)


def shipped_schema() -> str:
    """Return the JSON Schema shipped with the package."""
    return resources.files("hmix_hub.studies").joinpath(FILE).read_text(encoding="utf-8")
