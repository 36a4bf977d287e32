"""Croissant description of a study: machine-readable metadata of its files, tables and columns.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from hmix_hub.contribute.description.card_metadata import licence_address
from hmix_hub.contribute.description.markdown import one_line
from hmix_hub.contribute.description.ratings import scale_records
from hmix_hub.contribute.description.wording import Wording
from hmix_hub.errors import ConfigurationError
from hmix_hub.files import json_text
from hmix_hub.schema import Column
from hmix_hub.studies.manifest import Author, Manifest
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CONFIGURATIONS, TASKS

Json = dict[str, Any]
Files = Mapping[str, tuple[int, str]]

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
CLASSES = "classes"
"""Name of the record set that lists the class names."""

CONTEXT: Json = json.loads(
    resources.files("hmix_hub.dataset_cards").joinpath("croissant-context.json").read_text(encoding="utf-8")
)
"""The context from the specification."""

_FORMATS = {
    ".parquet": "application/x-parquet",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
    ".jpg": "image/jpeg",
    ".tif": "image/tiff",
    **{f".{name}": f"image/{name}" for name in ("png", "jpeg", "gif", "bmp", "webp", "tiff")},
}
_TYPES = {"bool": "sc:Boolean", "int": "sc:Integer", "uint": "sc:Integer", "float": "sc:Float"}
"""Data types by kind; all others are text."""


def croissant(study: Study, files: Files) -> Json:
    """Return the Croissant description of a study.

    Parameters
    ----------
    study
        The study.
    files
        Size in bytes and SHA-256 (64 hex digits) of each published file by path, with /; includes the Parquet files
        `<configuration>/train-*.parquet` of every configuration.

    Returns
    -------
    dict
        JSON-LD. Record sets are the configurations, fields their columns; labels refer to the record set `classes`.
        `datePublished` is the last month of data collection, the earliest possible date, because no clock is read.

    Raises
    ------
    ConfigurationError
        If the Parquet file of a configuration is missing.
    """
    manifest, wording = study.manifest, study.once(Wording.of)
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": one_line(manifest.title),
        "alternateName": manifest.id,
        "description": manifest.description,
        "version": manifest.version,
        "license": licence_address(manifest.licence),
        "url": manifest.homepage or doi_address(manifest) or manifest.contact,
        "creator": [person(author, "sc:", orcid="url") for author in manifest.authors],
        "citeAs": manifest.citation.bibtex or doi_address(manifest),
        "datePublished": manifest.collected.last,
        "temporalCoverage": f"{manifest.collected.first}/{manifest.collected.last}",
        "inLanguage": manifest.language,
        "keywords": list(wording.tags),
        "rai:dataCollection": manifest.recruitment,
        **({"rai:dataAnnotationProtocol": protocol} if (protocol := wording.protocol()) else {}),
        "rai:hasSyntheticData": manifest.synthetic,
        "distribution": [_file_object(path, *mark) for path, mark in sorted(files.items())] + _file_sets(study, files),
        "recordSet": [
            _classes(manifest),
            *([scale_records(manifest)] if manifest.scales else []),
            *(_record_set(study, name, files, wording) for name in study.configurations),
        ],
    }


def croissant_text(description: Json) -> str:
    """Return a Croissant description as the text of croissant.json, with the same bytes for the same description."""
    return json_text(description)


def doi_address(manifest: Manifest) -> str | None:
    """Return the address of the DOI to cite; `None` if the study has none."""
    return f"https://doi.org/{quote(manifest.citation.doi, safe='/')}" if manifest.citation.doi else None


def person(author: Author, prefix: str = "", *, orcid: str = "identifier") -> Json:
    """Return an author in schema.org vocabulary, with a prefix; `orcid` is the key for the ORCID address."""
    said: Json = {"@type": f"{prefix}Person", "name": one_line(author.name)}
    if author.orcid:
        said[orcid] = f"https://orcid.org/{author.orcid}"
    if author.affiliation:
        said["affiliation"] = {"@type": f"{prefix}Organization", "name": one_line(author.affiliation)}
    return said


def _identifier(*parts: str) -> str:
    """Return an id, quoted so that it is valid as part of an address."""
    return "/".join(quote(part, safe="/") for part in parts)


def _file_object(path: str, size: int, sha256: str) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": _identifier(path),
        "name": PurePosixPath(path).name,
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": _FORMATS.get(PurePosixPath(path).suffix.lower(), "application/octet-stream"),
        "sha256": sha256,
    }


def _shards(name: str, files: Files) -> list[str]:
    return sorted(
        path for path in files if PurePosixPath(path).match(f"{name}/train-*.parquet") and path.count("/") == 1
    )


def _file_sets(study: Study, files: Files) -> list[Json]:
    """Return file sets for configurations with several files."""
    return [
        {
            "@type": "cr:FileSet",
            "@id": f"{name}/train",
            "name": f"{name}/train",
            "encodingFormat": _FORMATS[".parquet"],
            "includes": f"{name}/train-*.parquet",
        }
        for name in study.configurations
        if len(_shards(name, files)) > 1
    ]


def _classes(manifest: Manifest) -> Json:
    code, name = f"{CLASSES}/code", f"{CLASSES}/name"
    return {
        "@type": "cr:RecordSet",
        "@id": CLASSES,
        "name": CLASSES,
        "description": "The class names, in the order of labels and soft labels.",
        "dataType": "sc:Enumeration",
        "key": {"@id": code},
        "field": [
            {"@type": "cr:Field", "@id": code, "name": "code", "description": "the label", "dataType": "sc:Integer"},
            {"@type": "cr:Field", "@id": name, "name": "name", "description": "its class", "dataType": "sc:Text"},
        ],
        "data": [{code: number, name: label} for number, label in enumerate(manifest.vocabulary.names)],
    }


def _record_set(study: Study, name: str, files: Files, wording: Wording) -> Json:
    of_people = name == PARTICIPANTS_CONFIGURATION
    described = {} if of_people else {column.name: column for column in wording.columns(study.columns(name))}
    shards = _shards(name, files)
    if not shards:
        msg = f"there is no {name}/train-*.parquet, which the record set {name} refers to"
        raise ConfigurationError(msg, hint="describe a built study: `hmix contribute build` writes the tables")
    source = (
        {"fileObject": {"@id": _identifier(shards[0])}} if len(shards) == 1 else {"fileSet": {"@id": f"{name}/train"}}
    )
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": "One row per participant." if of_people else wording.row(name),
        "key": _key(name),
        "field": [
            _field(name, column, feature, described.get(column), source)
            for column, feature in study.features(name).items()
            # Croissant does not support columns of records; the study's own are only in the card.
            if hasattr(_shape(feature)[1], "dtype")
        ],
    }


def _key(name: str) -> Json | list[Json]:
    if name == PARTICIPANTS_CONFIGURATION:
        return {"@id": _identifier(name, "participant_id")}
    if not CONFIGURATIONS[name].by_stimulus:
        return {"@id": _identifier(name, "judgment_id")}
    return [{"@id": _identifier(name, column)} for column in TASKS[CONFIGURATIONS[name].task].key_columns]


def _field(name: str, column: str, feature: Any, described: Column | None, source: Json) -> Json:
    from datasets import ClassLabel

    shape, item = _shape(feature)
    kind = str(getattr(item, "dtype", "")).rstrip("0123456789")
    field: Json = {
        "@type": "cr:Field",
        "@id": _identifier(name, column),
        "name": column,
        "description": _meaning(column, described, is_label=isinstance(item, ClassLabel)),
        "dataType": "sc:Integer" if isinstance(item, ClassLabel) else _TYPES.get(kind, "sc:Text"),
        "source": {**source, "extract": {"column": column}},
    }
    if shape:
        field |= {"isArray": True, "arrayShape": ",".join(map(str, shape))}
    elif isinstance(item, ClassLabel):
        field["references"] = {"field": {"@id": f"{CLASSES}/code"}}
    return field


def _shape(feature: Any) -> tuple[list[int], Any]:
    """Return the lengths of nested lists, -1 if they vary, and the feature of their items."""
    from datasets import List

    shape = []
    while isinstance(feature, List):
        shape.append(feature.length)
        feature = feature.feature
    return shape, feature


def _meaning(column: str, described: Column | None, *, is_label: bool) -> str:
    if described is None:
        return f"column {column} of the study's own"
    unit, span = described.unit and f"unit: {described.unit}", described.range and f"range: {described.range}"
    code = f"a code of the record set {CLASSES}" if is_label else ""
    return "; ".join(filter(None, (described.meaning, unit, span, code)))
