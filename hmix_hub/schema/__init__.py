"""Definition of a judgment as data: columns with unit and range, versions, vocabularies; independent of tasks."""

from hmix_hub.schema.column import TOLERANCE, Column, Kind, arrow_schema, features
from hmix_hub.schema.judgment import N_SYNTHETIC, SYNTHETIC_FLAG, has_flag
from hmix_hub.schema.versions import CURRENT, JUDGMENT_TABLE, RELEASED, VERSIONS, check_version
from hmix_hub.schema.vocabulary import CIFAR10, Vocabulary

__all__ = [
    "CIFAR10",
    "CURRENT",
    "JUDGMENT_TABLE",
    "N_SYNTHETIC",
    "RELEASED",
    "SYNTHETIC_FLAG",
    "TOLERANCE",
    "VERSIONS",
    "Column",
    "Kind",
    "Vocabulary",
    "arrow_schema",
    "check_version",
    "features",
    "has_flag",
]
