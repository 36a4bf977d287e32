"""Psych-DS: a study in the format of the Psych-DS standard, as CSV files described by one JSON file.

Source: the Psych-DS schema, https://github.com/psych-ds/psych-DS, as its validator 1.5.0 applies it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from hmix_hub.contribute.building import target_folder
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.description.card_metadata import licence_address
from hmix_hub.contribute.description.croissant import doi_address, person
from hmix_hub.contribute.description.markdown import block, code, inline, one_line, paragraphs
from hmix_hub.files import json_text, whole_folder
from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.schema.column import BY_CLASS_KINDS, markdown_table
from hmix_hub.schema.vocabulary import LIST_MARK
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.judgment_table import refuse_errors
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION
from hmix_hub.studies.study import Study
from hmix_hub.tasks import TASKS

DESCRIPTION = "dataset_description.json"
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")
_OWN = "a column of the study's own"
_OF_PEOPLE = "what the study knows about the participant"

Json = dict[str, Any]


def write_psych_ds(study: Study, out: str | os.PathLike[str]) -> list[str]:
    """Write a study as a Psych-DS dataset.

    `data/` contains a CSV file with the judgments of each task, and one with the participants if they are described;
    `dataset_description.json` describes every column. Classes are given by name. Shares of classes have one column per
    class, `soft_label_cat`; other lists are written `a|b`. Empty columns are left out. Own pictures are in
    `materials/`, and study.yaml is in `documentation/`.

    Parameters
    ----------
    study
        The study.
    out
        New or empty folder to write.

    Returns
    -------
    list of str
        Paths of the files within it, sorted.

    Raises
    ------
    StudyError
        If the study breaks a rule (see `hmix contribute validate`), or one of its files changes in the meantime.
    ConfigurationError
        If `out` is not empty, or is in the study folder.
    """
    study.keeps_rows = True
    refuse_errors(check_study(study), study.folder)
    target = target_folder(out, study, may_replace=lambda there: not any(there.iterdir()), why="is not an empty folder")
    with whole_folder(target, replaces=True) as made:
        variables: dict[str, Json] = {}
        files = []
        for name, table, columns in _tables(study):
            file = f"data/{file_name(study.manifest.id, name)}"
            flat = flat_table(table, columns, study.manifest.vocabulary)
            _write_csv(flat, made / file)
            files.append((file, name, flat.num_rows))
            for variable in _variables(flat.column_names, columns, study.manifest.vocabulary, name):
                variables.setdefault(variable["name"], variable)
        described = description(study.manifest, list(variables.values()))
        texts = {
            DESCRIPTION: json_text(described),
            "README.md": _readme(study, files),
            "CHANGES.md": f"# Changes\n\n* {study.manifest.version}: this version of the data\n",
        }
        for name, text in texts.items():
            (made / name).write_text(text, encoding="utf-8")
        copies = {MANIFEST: f"documentation/{MANIFEST}"}
        copies |= {f"{STIMULI}/{name}": f"materials/{STIMULI}/{name}" for name in study.stimulus_files}
        for name, place in copies.items():
            (made / place).parent.mkdir(parents=True, exist_ok=True)
            (made / place).write_bytes(study.folder.file(name).read_bytes())
        study.refuse_changes()
        return sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())


def _tables(study: Study) -> Iterator[tuple[str, pa.Table, tuple[Column, ...]]]:
    """Yield the judgments of each task, and the participants, with the columns that the schema describes."""
    for name in study.configurations:
        if name in TASKS or name == PARTICIPANTS_CONFIGURATION:
            yield name, study.table(name), study.columns(name)


def file_name(study_id: str, table: str) -> str:
    """Return the name of a data file: keywords with values of letters and digits, then `_data.csv`."""
    kind = "description" if table == PARTICIPANTS_CONFIGURATION else "task"
    return f"study-{_keyword(study_id)}_{kind}-{_keyword(table)}_data.csv"


def _keyword(text: str) -> str:
    first, *others = [part for part in _NO_LETTER.split(text) if part]
    return first + "".join(part[0].upper() + part[1:] for part in others)


def flat_table(table: pa.Table, columns: tuple[Column, ...], vocabulary: Vocabulary) -> pa.Table:
    """Return a table whose cells are numbers, booleans and texts, without empty columns."""
    kinds = {column.name: column.kind for column in columns}
    names = pa.array(vocabulary.names)
    flat: dict[str, pa.ChunkedArray | pa.Array] = {}
    for name in table.column_names:
        values, kind = table[name], kinds.get(name)
        if kind in BY_CLASS_KINDS:
            for code_of_class, class_name in enumerate(vocabulary.names):
                flat[f"{name}_{class_name}"] = pc.list_element(values, code_of_class)
        elif kind is Kind.LABEL:
            flat[name] = pc.take(names, values)
        elif pa.types.is_nested(values.type):
            flat[name] = _joined(values, names if kind is Kind.LABELS else None)
        else:
            flat[name] = values
    filled = {name: values for name, values in flat.items() if values.null_count < len(values) or not len(values)}
    return pa.table(filled)


def _joined(lists: pa.ChunkedArray, names: pa.Array | None) -> pa.Array:
    """Return lists as texts, `a|b`; empty and missing lists are null."""
    whole = lists.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    values = whole.flatten() if names is None else pc.take(names, whole.flatten())
    lengths = pc.fill_null(pc.list_value_length(whole), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths.cast(pa.int64()))])
    texts = pa.LargeListArray.from_arrays(offsets, values.cast(pa.string()))
    return pc.if_else(pc.greater(lengths, 0), pc.binary_join(texts, LIST_MARK), pa.scalar(None, pa.string()))


def _write_csv(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    csv.write_csv(table, path, csv.WriteOptions(quoting_style="needed"))


def _variables(names: list[str], columns: tuple[Column, ...], vocabulary: Vocabulary, table: str) -> Iterator[Json]:
    """Yield the description of each column of a flat table."""
    known = {column.name: (column, "") for column in columns}
    for column in columns:
        if column.kind in BY_CLASS_KINDS:
            known |= {f"{column.name}_{name}": (column, f": of the class {name}") for name in vocabulary.names}
    other = _OF_PEOPLE if table == PARTICIPANTS_CONFIGURATION else _OWN
    for name in names:
        if name not in known:
            yield {"@type": "PropertyValue", "name": name, "description": other}
            continue
        column, of = known[name]
        ends = {"unitText": column.unit or None, "minValue": column.low, "maxValue": column.high}
        said = column.meaning + of
        if column.kind is Kind.LABEL:
            said += f"; one of {', '.join(vocabulary.names)}"
        yield {"@type": "PropertyValue", "name": name, "description": said} | {
            key: value for key, value in ends.items() if value is not None
        }


def description(manifest: Manifest, variables: list[Json]) -> Json:
    """Return `dataset_description.json`: the manifest in schema.org vocabulary, and descriptions of all columns."""
    doi = doi_address(manifest)
    said: Json = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": one_line(manifest.title),
        "description": one_line(manifest.description),
        "version": manifest.version,
        "author": list(map(person, manifest.authors)),
        "license": licence_address(manifest.licence),
        "citation": doi or one_line(manifest.citation.bibtex or ""),
        "identifier": doi or manifest.id,
        "url": manifest.homepage or manifest.contact,
        "keywords": ["human judgments", *manifest.tasks, *(["synthetic"] if manifest.synthetic else [])],
        "inLanguage": manifest.language,
        "temporalCoverage": f"{manifest.collected.first}/{manifest.collected.last}",
        "variableMeasured": variables,
    }
    return said


def _readme(study: Study, files: list[tuple[str, str, int]]) -> str:
    manifest = study.manifest
    rows = [{"file": code(file), "holds": name.replace("_", " "), "rows": str(count)} for file, name, count in files]
    synthetic = "**The answers are simulated; no person took part.**\n\n" if manifest.synthetic else ""
    cited = block(manifest.citation.bibtex) if manifest.citation.bibtex else doi_address(manifest)
    return f"""# {inline(manifest.title)}

{synthetic}{paragraphs(manifest.description)}

This is a [Psych-DS](https://psych-ds.github.io) dataset: `{DESCRIPTION}` describes every column of the files.

{markdown_table(rows)}

`judgment_id` is unique in every table of judgments. Shares of classes have one column per class; lists are written
`a|b`. `documentation/{MANIFEST}` is the study's manifest in the format of hmix-hub.

## Consent, recruitment and licence

{paragraphs(manifest.ethics.consent)}

{paragraphs(manifest.recruitment)}

Licence: {inline(manifest.licence)}.

## Cite

{cited}
"""
