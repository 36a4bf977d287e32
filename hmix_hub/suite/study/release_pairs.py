"""Pairs and batches of the release, from the reader's own copy of it: the package holds none of its rows."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmix_hub.errors import ConfigurationError
from hmix_hub.sources import RELEASE
from hmix_hub.suite.design.pair_file import BATCH, COEFFICIENT, INDICES
from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ReleasedPairs:
    """Pairs of a task as the release's people were given them.

    Parameters
    ----------
    table
        A CSV file for `hmix_hub.suite.design.pair_file.read_pair_file`.
    batches
        Number of batches.
    largest
        Stimuli of the largest one.
    doubles
        How often a stimulus stood twice in a batch; in the list it stands there once.
    """

    table: str
    batches: int
    largest: int
    doubles: int


def released_pairs(task: str, source: str | None = None) -> ReleasedPairs:
    """Read the pairs of a task out of a copy of the release.

    Parameters
    ----------
    task
        The task.
    source
        Where the copy lies; see `hmix_hub.load_dataset`.

    Raises
    ------
    ConfigurationError
        If the source is another study, such as the sample.
    SourceError
        If the release cannot be had.
    """
    import hmix_hub

    # A batch is known by its stimuli: the release's rounds share the numbers of conditions.
    loaded: Any = hmix_hub.load_dataset("h-mix", task, split="train", source=source)
    rows: pd.DataFrame = loaded.with_format("pandas")[:]
    if set(rows["image_set"]) != {RELEASE.image_set}:
        msg = "the source is not the release, whose pairs are asked for"
        raise ConfigurationError(msg, hint='name a folder that holds the released files, or "release", with --source')
    key = TASKS[task].stimulus_column
    order = (
        rows.groupby("batch_id")[["collection_round", "condition"]]
        .first()
        .sort_values(["collection_round", "condition"])
    )
    number = {batch: place for place, batch in enumerate(order.index)}
    unmarked = rows[(rows["presentation"] > 1) & ~rows["is_repeat"]]
    stimuli = rows.drop_duplicates(["batch_id", key]).assign(batch=lambda kept: kept["batch_id"].map(number))
    columns = [*INDICES, *([COEFFICIENT] if COEFFICIENT in stimuli else []), BATCH]
    stimuli = stimuli.sort_values([BATCH, *columns[:-1]])
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(stimuli[columns].itertuples(index=False))
    sizes = stimuli.groupby(BATCH).size()
    doubles = len(unmarked.drop_duplicates(["batch_id", key]))
    return ReleasedPairs(stream.getvalue(), len(number), int(sizes.max()), doubles)
