"""Build: writes the generated parts of the documents, then the wheel and the sdist into dist/.

python3 scripts/build.py            writes everything
python3 scripts/build.py --check    writes nothing; exit status 1 if a generated part is outdated

A generated part is between the lines `<!-- generated: NAME -->` and `<!-- end -->` (in YAML `# generated: NAME` and
`# end`). Parts with counts from the release are left alone if the released files are not available.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from environment import ROOT, options_of, run_script

DOCUMENTS = (
    "CONTRIBUTING.md",
    "dataset_cards/h-mix.md",
    "dataset_cards/loading.md",
    "dataset_cards/rules.md",
    "dataset_cards/study_file.md",
)
SHOWN = "CONTRIBUTING.md"
"""The document whose commands are run."""
SCHEMA = "hmix_hub/studies/study.schema.json"
_PART = re.compile(r"(?ms)^(<!-- |# )generated: ([\w-]+)( -->)?\n.*?^\1end( -->)?$")


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit status 1 if a generated part is outdated"
    )
    return parser


def main(arguments: argparse.Namespace) -> int:
    """Write, or check, the documents; then build."""
    checking = arguments.check
    stale = [name for name in DOCUMENTS if _renew(name, write=not checking)]
    stale += _renew_schema(write=not checking) + _renew_console(write=not checking)
    if checking:
        for name in stale:
            print(f"{name} is outdated: run python3 scripts/build.py")
        return int(bool(stale))
    for name in stale:
        print(f"wrote {name}")
    return subprocess.run(
        [sys.executable, "-m", "build", "--outdir", ROOT / "dist", ROOT], cwd=ROOT, check=False
    ).returncode


def _renew(name: str, *, write: bool) -> bool:
    """Return whether a document's generated parts are outdated, and update them if so."""
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    parts = _parts()

    def renewed(match: re.Match[str]) -> str:
        content = parts[match[2]]()
        if content is None:
            print(f"{name}: {match[2]} is left alone, because the released files are not available")
            return match[0]
        opening, ending = match[1], match[3] or ""
        return f"{opening}generated: {match[2]}{ending}\n{content}\n{opening}end{ending}"

    new = _PART.sub(renewed, text)
    if write and new != text:
        path.write_text(new, encoding="utf-8")
    return new != text


def _renew_schema(*, write: bool) -> list[str]:
    """Return the name of the JSON Schema of study.yaml if it is outdated, and update it."""
    from hmix_hub.studies.manifest_file import schema_text

    path = ROOT / SCHEMA
    if path.is_file() and path.read_text(encoding="utf-8") == schema_text():
        return []
    if write:
        path.write_text(schema_text(), encoding="utf-8")
    return [SCHEMA]


def _renew_console(*, write: bool) -> list[str]:
    """Return the name of the document if the output of its commands is outdated, and update it."""
    from console import is_current, renewed

    path = ROOT / SHOWN
    text = path.read_text(encoding="utf-8")
    if is_current(text):
        return []
    if write:
        path.write_text(renewed(text), encoding="utf-8")
    return [f"{SHOWN} (its commands)"]


def _parts() -> dict[str, Callable[[], str | None]]:
    from build_collecting import interface_words, study_keys

    from hmix_hub.schema.column import column_table
    from hmix_hub.tasks import BY_STIMULUS_COLUMNS, CATEGORICAL, INFER, TASKS

    of_people = [task for task in TASKS.values() if task.has_participants]
    shared = [c for c in TASKS[INFER].columns if all(c in task.columns for task in of_people)]
    parts: dict[str, Callable[[], str | None]] = {
        "configurations": partial(_counted, _configurations),
        "filters": _filters,
        "flags": partial(_counted, _flags),
        "dataset-info": _dataset_info,
        "columns-shared": partial(column_table, shared),
        "observed-columns": _observed_columns,
        "rules": _rules,
        "map-keys": _map_keys,
        "study-keys": study_keys,
        "interface-words": interface_words,
    }
    for name, task in TASKS.items():
        parts[f"columns-{name}"] = partial(column_table, task.own_columns)
    for name in (INFER, CATEGORICAL):
        parts[f"columns-{name}-by-stimulus"] = partial(column_table, BY_STIMULUS_COLUMNS[name])
    return parts


def _observed_columns() -> str:
    """Return a table of the columns that a contributor writes, with their tasks."""
    from hmix_hub.schema.column import as_markdown, describe_column, markdown_table
    from hmix_hub.tasks import TASKS, contributed_columns
    from hmix_hub.tasks.soft_labels import unasked_columns

    labels = ("image_1_label", "image_2_label", "image_1_file", "image_2_file")
    others = dict.fromkeys(labels, " (optional)") | dict.fromkeys(unasked_columns(()), " (if asked)")
    marks: dict[str, dict[str, str]] = {}
    columns: dict[str, dict[str, str]] = {}
    for name, task in TASKS.items():
        optional = dict.fromkeys(task.optional_columns, " (optional)") | others
        for column in contributed_columns(name):
            marks.setdefault(column.name, {})[name] = optional.get(column.name, "")
            columns.setdefault(column.name, describe_column(column))
    rows = []
    for name, described in columns.items():
        of_tasks = marks[name]
        is_alike = len(set(of_tasks.values())) == 1
        named = (f"`{task}`" + mark * (not is_alike) for task, mark in of_tasks.items())
        rows.append(
            {
                "column": f"`{name}`" + next(iter(of_tasks.values())) * is_alike,
                "type": described["type"].replace("ClassLabel", "class name"),
                "range": described["range"],
                "meaning": as_markdown(described["meaning"]),
                "task": _all_but([task for task in TASKS if task not in of_tasks]) or ", ".join(named),
            }
        )
    return markdown_table(rows)


def _all_but(others: list[str]) -> str:
    """Return as text that all tasks except these have a column; empty if only some have it."""
    from hmix_hub.tasks import TASKS

    if any(TASKS[task].has_participants for task in others):
        return ""
    return "all but " + ", ".join(f"`{task}`" for task in others) if others else "all"


def _map_keys() -> str:
    """Return a table of the keys of a column map: of a column, then of the map, its rows, melting and item tables."""
    from pydantic import BaseModel

    from hmix_hub.importing.column_map import ColumnMap
    from hmix_hub.importing.map_keys import Condition, From
    from hmix_hub.importing.reshaping import ItemTable, Melt
    from hmix_hub.schema.column import as_markdown, markdown_table

    of_map = {"task", "rows", "columns", "melt", "table"}
    parts: list[tuple[str, type[BaseModel], set[str]]] = [
        ("", From, set()),
        ("", ColumnMap, of_map),
        ("rows: ", Condition, {"column", "json"}),
        ("melt: ", Melt, set()),
        ("table: ", ItemTable, set()),
    ]
    return markdown_table(
        {"key": f"`{place}{field.alias or name}`", "what": as_markdown(field.description or "")}
        for place, model, left_out in parts
        for name, field in model.model_fields.items()
        if (field.alias or name) not in left_out
    )


def _rules() -> str:
    """Return the catalogue of rules with their examples."""
    from hmix_hub.schema.column import as_markdown
    from hmix_hub.studies.catalogue import catalogue, describe

    parts = []
    for rule in map(describe, catalogue().values()):
        lines = [f"## {rule['code']} {rule['rule']} ({rule['severity']})", "", f"{as_markdown(rule['meaning'])}.", ""]
        lines += [f"* fix: {as_markdown(rule['fix'])}"]
        lines += [f"* `hmix contribute fix` {as_markdown(rule['automatic_fix'])}"] if rule["automatic_fix"] else []
        lines += [f"* fails: {as_markdown(rule['fails'])}", f"* passes: {as_markdown(rule['passes'])}", ""]
        parts.append("\n".join(lines))
    return "\n".join(parts).rstrip()


def _counted(rows_of: Callable[[str], list[dict[str, str]]]) -> str | None:
    """Return a table of counts from the release; `None` if it is not available."""
    from hmix_hub.schema.column import markdown_table

    source = _release()
    return None if source is None else markdown_table(rows_of(source))


def _configurations(source: str) -> list[dict[str, str]]:
    from hmix_hub.release import configuration_counts
    from hmix_hub.tasks import CONFIGURATIONS

    return [
        {
            "configuration": f"`{counts['configuration']}`",
            "rows": str(counts["rows"]),
            "repeats": "" if counts["repeats"] is None else str(counts["repeats"]),
            "participants": str(counts["participants"]),
            "stimuli": str(counts["stimuli"]),
            "what a row is": CONFIGURATIONS[counts["configuration"]].description,
        }
        for counts in configuration_counts(source)
    ]


def _flags(source: str) -> list[dict[str, str]]:
    from hmix_hub.release import flag_counts
    from hmix_hub.tasks import FLAGS

    return [
        {
            "flag": f"`{counts['flag']}`",
            "task": f"`{counts['task']}`",
            "rows": str(counts["rows"]),
            "participants": str(counts["participants"]),
            "meaning": FLAGS[counts["flag"]].meaning,
        }
        for counts in flag_counts(source)
    ]


def _release() -> str | None:
    """Return the source of the released files, if available."""
    from hmix_hub.sources import RELEASE, choose_source, resolve_source

    source = choose_source()[0]
    return source if resolve_source(source).study is RELEASE else None


def _filters() -> str:
    from hmix_hub.judgments.grammar import FILTERS
    from hmix_hub.schema.column import markdown_table

    return markdown_table({"filter": f"`{f.name}`", "value": f.kind, "keeps rows": f.meaning} for f in FILTERS.values())


def _dataset_info() -> str:
    """Return the card's YAML: configurations with their files and features; sizes would make filtered loading fail."""
    import yaml

    from hmix_hub.schema import features
    from hmix_hub.tasks import DEFAULT_CONFIGURATION, RELEASED_CONFIGURATIONS

    configs: list[dict[str, Any]] = []
    infos = []
    for configuration in RELEASED_CONFIGURATIONS.values():
        name = configuration.name
        config = {"config_name": name, "data_files": [{"split": "train", "path": f"{name}/train-*.parquet"}]}
        configs.append(config | ({"default": True} if name == DEFAULT_CONFIGURATION else {}))
        infos.append({"config_name": name, "features": features(configuration.columns())._to_yaml_list()})
    return yaml.safe_dump({"configs": configs, "dataset_info": infos}, sort_keys=False, width=120).rstrip()


if __name__ == "__main__":
    run_script(main, options(), "dev")
