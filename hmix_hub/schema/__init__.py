"""What a judgment is: tasks, columns with unit and range, versions, vocabularies, flags, as data."""

from hmix_hub.schema.by_stimulus import BY_STIMULUS_COLUMNS, N_SYNTHETIC, by_stimulus_columns
from hmix_hub.schema.column import Column, Kind, arrow_schema, features
from hmix_hub.schema.configurations import (
    CONFIGURATIONS,
    DEFAULT_CONFIGURATION,
    Configuration,
    check_configuration,
)
from hmix_hub.schema.flags import FLAGS, SYNTHETIC_FLAG, Flag, flags_of, has_flag
from hmix_hub.schema.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT, TASKS, Task
from hmix_hub.schema.versions import CURRENT, JUDGMENT_TABLE, RELEASED, VERSIONS, check_task, check_version, columns
from hmix_hub.schema.vocabulary import CIFAR10, Vocabulary

__all__ = [
    "BY_STIMULUS_COLUMNS",
    "CATEGORICAL",
    "CIFAR10",
    "CONFIGURATIONS",
    "CONSTRUCT",
    "CURRENT",
    "DEFAULT_CONFIGURATION",
    "FLAGS",
    "INFER",
    "JUDGMENT_TABLE",
    "N_SYNTHETIC",
    "RELEASED",
    "SELECT",
    "SYNTHETIC_FLAG",
    "TASKS",
    "VERSIONS",
    "Column",
    "Configuration",
    "Flag",
    "Kind",
    "Task",
    "Vocabulary",
    "arrow_schema",
    "by_stimulus_columns",
    "check_configuration",
    "check_task",
    "check_version",
    "columns",
    "features",
    "flags_of",
    "has_flag",
]
