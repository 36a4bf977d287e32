"""What a judgment is: tasks, columns with unit and range, versions, vocabularies, flags, as data."""

from hmix_hub.schema.by_stimulus import BY_STIMULUS_COLUMNS
from hmix_hub.schema.column import Column, Kind, arrow_schema, features
from hmix_hub.schema.configurations import (
    CONFIGURATIONS,
    DEFAULT_CONFIGURATION,
    Configuration,
    check_configuration,
)
from hmix_hub.schema.flags import FLAGS, Flag, flags_of
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
    "RELEASED",
    "SELECT",
    "TASKS",
    "VERSIONS",
    "Column",
    "Configuration",
    "Flag",
    "Kind",
    "Task",
    "Vocabulary",
    "arrow_schema",
    "check_configuration",
    "check_task",
    "check_version",
    "columns",
    "features",
    "flags_of",
]
