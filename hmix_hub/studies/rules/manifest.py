"""Rules for the manifest, study.yaml (HMX520 to HMX527)."""

from __future__ import annotations

from hmix_hub.schema import CURRENT, JUDGMENT_TABLE
from hmix_hub.studies.rules.changes import added, file_removed, replaced, unstated
from hmix_hub.studies.rules.rule import Change, Example, Files, error, warning
from hmix_hub.tasks import CATEGORICAL

_FILE = "study.yaml"
_TITLE = "title: Mixed pictures, an example study"

MISSING = error(
    "HMX520 manifest-missing",
    "study.yaml is missing",
    "run `hmix contribute init` and fill in the file it writes",
    Example(file_removed(_FILE)),
)
UNREADABLE = error(
    "HMX521 manifest-unreadable",
    "study.yaml is not plain YAML",
    "correct the line in the message; quote texts that contain a colon",
    Example(replaced(_FILE, _TITLE, "title: Mixed pictures: an example"), replaced(_FILE, _TITLE, 'title: "Mixed: a"')),
)
INVALID = error(
    "HMX522 manifest-invalid",
    "a field of study.yaml is missing, unknown or invalid",
    "correct the field; `hmix contribute schema` describes every field",
    Example(
        replaced(_FILE, "0000-0002-1825-0097", "0000-0002-1825-0098"),
        replaced(_FILE, "0000-0002-1825-0097", "https://orcid.org/0000-0002-1694-233X"),
    ),
)
SCHEMA_VERSION = error(
    "HMX523 schema-version",
    "this version of hmix-hub does not support the study's version of the schema",
    "upgrade hmix-hub if the schema is newer; convert exports of schema 1.0.0 with `hmix contribute import`",
    Example(
        replaced(_FILE, f"schema_version: {CURRENT}", "schema_version: 9.0.0"),
        replaced(_FILE, f"schema_version: {CURRENT}", f"schema_version: {JUDGMENT_TABLE}"),
    ),
)
UNFINISHED = error(
    "HMX524 unfinished",
    "the field still has the template's TODO",
    "replace it with what the TODO asks for",
    Example(replaced(_FILE, "Nobody was recruited;", "TODO")),
)
UNFINISHED_DRAFT = warning(
    "HMX525 unfinished-draft",
    "the field still has the template's TODO, which is allowed only in a draft",
    "replace it with what the TODO asks for before you publish",
    Example(replaced(_FILE, "Nobody was recruited;", "TODO")),
)
UNSTATED_QUESTIONS = error(
    "HMX526 unstated-questions",
    "study.yaml does not state the questions of categorical_soft_labels, or how answers become soft labels",
    "under `soft_labels:`, list what was `asked` besides the class, and name the `procedure` that makes soft labels",
    Example(
        unstated(CATEGORICAL, "soft_labels"),
        replaced(_FILE, "procedure: released", "procedure: cifar10s"),
        task=CATEGORICAL,
    ),
)


def _copied(files: Files) -> None:
    replaced(_FILE, "synthetic: true\n", "").apply(files)
    added("flags", "synthetic").apply(files)


SYNTHETIC_ROWS = error(
    "HMX527 synthetic-rows",
    "the row is flagged as synthetic, but study.yaml does not have `synthetic: true`",
    "add `synthetic: true` to study.yaml; keep participants' judgments in a separate study",
    Example(
        Change("study.yaml: without `synthetic: true`, and a column `flags` with `synthetic`", _copied),
        added("flags", "synthetic"),
    ),
)
