"""Manifest of an exported collection: the content of its study.yaml, for `hmix contribute`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hmix_hub.schema import CURRENT
from hmix_hub.sources.image_set import PIXEL_LINEAR
from hmix_hub.studies.manifest import SINGLE
from hmix_hub.studies.manifest_fields import LONGEST_TEXT, PLACEHOLDER
from hmix_hub.suite.study.model import Consent, StudyFile
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.soft_labels import DEFAULT_PROCEDURE, QUESTIONS
from hmix_hub.yaml_file import without_empty

VERSION = "1.0.0"
"""Data version of a first export."""

SIMULATED = "Answers of scripted participants, made to try out the interfaces; no person took part."
_APPROVAL = "None was needed, since no person took part."
_CONSENT = "Nobody was asked, since no person took part."


def manifest_of(
    study: StudyFile, *, first: str, last: str, is_synthetic: bool, consents: Sequence[Consent] = ()
) -> dict[str, Any]:
    """Return the manifest of a collection's export, which is valid if `read_study_file` accepted the study file.

    Parameters
    ----------
    first, last
        Months of the first and the last answer, YYYY-MM.
    is_synthetic
        Whether the answers come from scripted participants. Then approval, consent, recruitment and unfinished texts
        say that no person took part, whatever the study file says about the planned study.
    consents
        The consent forms that participants agreed to, if the study was amended; default: the study file's form.

    Returns
    -------
    dict
        Input of `hmix_hub.studies.manifest.Manifest.model_validate`, in the order of its fields.
    """
    about = study.about
    authors = [author.model_dump(exclude_none=True) for author in about.authors]
    bibtex = about.bibtex or (None if about.doi else _entry(study.id, study.title, authors, first))
    manifest: dict[str, Any] = {
        "schema_version": CURRENT,
        "id": study.id,
        "title": study.title,
        "version": VERSION,
        "description": about.description,
        "authors": authors,
        "licence": about.licence,
        "ethics": {"approval": about.approval, "consent": _consent(study, consents)},
        "recruitment": about.recruitment,
        "collected": {"first": first, "last": last},
        "language": study.language,
        "tasks": list(study.tasks),
        "stimuli": {"source": study.pictures.source, "mixing": _mixing(study), "classes": study.pictures.classes},
        # Where a study may leave questions out, the suite's pages ask them all.
        "soft_labels": {"asked": list(QUESTIONS), "procedure": DEFAULT_PROCEDURE}
        if any(TASKS[task].asked_columns for task in study.tasks)
        else None,
        "scales": [scale.model_dump() for design in study.tasks.values() for scale in design.scales] or None,
        "citation": {"doi": about.doi, "bibtex": bibtex},
        "contact": about.contact,
        "homepage": about.homepage,
    }
    if is_synthetic:
        manifest = _synthetic(manifest, study, first)
    filled: dict[str, Any] = without_empty(manifest)
    return filled


def _consent(study: StudyFile, consents: Sequence[Consent]) -> str:
    forms = {form.version: form.text for form in consents}
    if len(forms) < 2:
        return study.consent.text
    text = "\n\n".join(f"Version {version}:\n\n{text}" for version, text in forms.items())
    # If they do not fit, NOTES.md lists the versions.
    return text if len(text) <= LONGEST_TEXT else study.consent.text


def _mixing(study: StudyFile) -> str:
    """Return how pictures are mixed, or that every task shows single pictures."""
    return SINGLE if all(design.pairs.per_class for design in study.tasks.values()) else PIXEL_LINEAR


def _synthetic(manifest: dict[str, Any], study: StudyFile, first: str) -> dict[str, Any]:
    description = _kept(manifest["description"], "")
    changed: dict[str, Any] = {
        "title": _kept(manifest["title"], f"{study.id}, simulated"),
        "description": f"{SIMULATED} {description}".strip()[:LONGEST_TEXT],
        "authors": [_author(author) for author in manifest["authors"]],
        "ethics": {"approval": _APPROVAL, "consent": _CONSENT},
        "recruitment": "Nobody was recruited; the participants are simulated.",
        "synthetic": True,
        "contact": _kept(manifest["contact"], "Nobody: the answers are simulated."),
    }
    manifest = manifest | changed
    bibtex = manifest["citation"]["bibtex"]
    if bibtex and PLACEHOLDER in bibtex:
        manifest["citation"]["bibtex"] = _entry(study.id, manifest["title"], manifest["authors"], first)
    return manifest


def _author(author: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in author.items() if PLACEHOLDER not in value}
    return {"name": "No author: the answers are simulated"} | kept


def _kept(value: str, instead: str) -> str:
    return instead if PLACEHOLDER in value else value


def _entry(name: str, title: str, authors: list[dict[str, Any]], first: str) -> str:
    """Return a BibTeX entry from the study file; braces, which might not balance, are left out."""
    named = " and ".join(author["name"] for author in authors)
    lines = {"title": title, "author": named, "year": first[:4]}
    fields = ",\n".join(f"  {key} = {{{re.sub('[{}]', '', value)}}}" for key, value in lines.items())
    return f"@misc{{{name},\n{fields}\n}}"
