"""Rules of the manifest, study.yaml (HMX520 to HMX529)."""

from __future__ import annotations

from hmix_hub.schema import CURRENT, JUDGMENT_TABLE
from hmix_hub.studies.rules.changes import added, file_removed, replaced, unstated
from hmix_hub.studies.rules.rule import Change, Example, Files, error, warning
from hmix_hub.tasks import CATEGORICAL

_FILE = "study.yaml"
_TITLE = "title: Mixed pictures, an example study"

MISSING = error(
    "HMX520 manifest-missing",
    "there is no study.yaml",
    "`hmix contribute init` writes one to fill in",
    Example(file_removed(_FILE)),
)
UNREADABLE = error(
    "HMX521 manifest-unreadable",
    "study.yaml is not plain YAML",
    "correct the line that is named; quote text that holds a colon",
    Example(replaced(_FILE, _TITLE, "title: Mixed pictures: an example"), replaced(_FILE, _TITLE, 'title: "Mixed: a"')),
)
INVALID = error(
    "HMX522 manifest-invalid",
    "a field of study.yaml is missing, unknown, or has a value that it may not have",
    "`hmix contribute schema` describes every field",
    Example(
        replaced(_FILE, "0000-0002-1825-0097", "0000-0002-1825-0098"),
        replaced(_FILE, "0000-0002-1825-0097", "https://orcid.org/0000-0002-1694-233X"),
    ),
)
SCHEMA_VERSION = error(
    "HMX523 schema-version",
    "the study is written in a version of the schema that this hmix-hub does not take",
    "upgrade hmix-hub for a newer one; `hmix contribute import` brings exports of schema 1.0.0 up",
    Example(
        replaced(_FILE, f"schema_version: {CURRENT}", "schema_version: 9.0.0"),
        replaced(_FILE, f"schema_version: {CURRENT}", f"schema_version: {JUDGMENT_TABLE}"),
    ),
)
UNFINISHED = error(
    "HMX524 unfinished",
    "the field holds the starter's TODO",
    "write what it asks for",
    Example(replaced(_FILE, "Nobody was recruited;", "TODO")),
)
UNFINISHED_DRAFT = warning(
    "HMX525 unfinished-draft",
    "the field holds the starter's TODO, as a draft may",
    "write what it asks for before you publish",
    Example(replaced(_FILE, "Nobody was recruited;", "TODO")),
)
UNSTATED_QUESTIONS = error(
    "HMX526 unstated-questions",
    "study.yaml does not say what participants of categorical_soft_labels were asked, nor how a soft label is made",
    "write under `soft_labels:` what was `asked` besides the class, and the `procedure` that makes soft labels",
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
    "the row is flagged as synthetic, but study.yaml does not say `synthetic: true`",
    "write `synthetic: true` in study.yaml; keep answers of participants in a study of their own",
    Example(
        Change("study.yaml: without `synthetic: true`; and a column `flags` with `synthetic`", _copied),
        added("flags", "synthetic"),
    ),
)
