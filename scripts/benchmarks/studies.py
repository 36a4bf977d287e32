"""Studies of the benchmark: folders of drawn judgments, clean or with planted faults, as CSV or as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from hmix_hub.schema import CIFAR10
from hmix_hub.sources.cifar10 import known_labels
from hmix_hub.sources.sample.design import MIXING_COEFFICIENTS, Design, draw_design
from hmix_hub.sources.sample.drawing import labels_of
from hmix_hub.sources.sample.layout import DISTINCT_TRIALS, person_name
from hmix_hub.sources.sample.simulation import simulate_inferences, simulate_response_times
from hmix_hub.studies.example import example_study
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.tasks import INFER

IMAGE_SET = "cifar10/test"
"""The image set whose labels are known without its pixels, so that the rule of labels runs, too."""
OWN_COLUMN, NOTE_COLUMN = "x_device", "x_note"
TRIALS = DISTINCT_TRIALS[INFER] + 2
"""Rows of a person."""
PICTURES = 10_000
"""Pictures that stimuli are drawn from."""
_MOST_PEOPLE = 16_129
"""People who are drawn at a time: a million rows."""
_DEVICES = ("mouse", "touchpad", "touch screen")


@dataclass(frozen=True)
class DrawnStudy:
    """A study of drawn judgments, in which nothing is to be found.

    Parameters
    ----------
    rows
        Judgments, of which those of whole people are kept: somebody cut off in the middle would be a finding.
    folder
        Gets the study folders.
    note
        Value in each row of an additional column, which makes files larger; empty: there is none.
    """

    rows: int
    folder: Path
    note: str = ""

    @property
    def _people(self) -> int:
        return max(self.rows // TRIALS, 1)

    @property
    def n(self) -> int:
        """Rows that there are in the end."""
        return self._people * TRIALS

    @cached_property
    def table(self) -> pa.Table:
        """The judgments as a contributor writes them: classes by name, columns that are computed left out."""
        return pa.concat_tables(self.blocks()).combine_chunks()

    def blocks(self) -> Iterator[pa.Table]:
        """Yield the rows of up to a million at a time; people beyond the first million judge the stimuli of these."""
        people = min(self._people, _MOST_PEOPLE)
        design = draw_design(np.arange(people) // 3, TRIALS - 2, PICTURES, 0)
        for number, start in enumerate(range(0, self._people, _MOST_PEOPLE)):
            # Each in an order of their own.
            block = _drawn(replace(design, seed=design.seed + 2 * number), number)
            block = block.slice(0, min(people, self._people - start) * TRIALS)
            yield block.append_column(NOTE_COLUMN, pa.repeat(pa.scalar(self.note), len(block))) if self.note else block

    def write(self, ending: str = "csv", plant: Callable[[pd.DataFrame], None] | None = None) -> Path:
        """Write the study into a folder of its own, unless it is there; gives the folder.

        Parameters
        ----------
        ending
            "csv" or "parquet".
        plant
            Writes faults into the judgments, for CSV; `None`: there are none.
        """
        place = self.folder / f"{self.rows}-{'wide-' if self.note else ''}{ending}-{'faulty' if plant else 'clean'}"
        file = judgment_file(place, ending)
        if file.is_file():
            return place
        file.parent.mkdir(parents=True)
        (place / MANIFEST).write_bytes(example_study(INFER)[MANIFEST])
        if plant is not None:
            frame = self.table.to_pandas().astype(object)
            plant(frame)
            frame.to_csv(file, index=False)
        elif ending == "csv":
            # Without quotes, as other programs write it.
            options = arrow_csv.WriteOptions(quoting_style="none", quoting_header="none")
            self._write(lambda schema: arrow_csv.CSVWriter(file, schema, write_options=options))
        else:
            self._write(lambda schema: parquet.ParquetWriter(file, schema), row_group_size=1 << 16)
        return place

    def _write(self, open_writer: Callable[[pa.Schema], Any], **options: int) -> None:
        """Write block by block, so that memory does not grow with the rows."""
        blocks = self.blocks()
        first = next(blocks)
        with open_writer(first.schema) as writer:
            for block in chain([first], blocks):
                writer.write_table(block, **options)


def _drawn(design: Design, number: int) -> pa.Table:
    """Draw the judgments of a block of people, whom its number tells from those of another."""
    answers, n = simulate_inferences(design, 2 * number + 3), len(design.person)
    names, real = pa.array(CIFAR10.names), _pictures_of_class()
    shown = {image: design.rows(index) for image, index in ((1, design.first), (2, design.second))}
    prefix = f"p{number}-" if number else ""
    people = pa.array([f"{prefix}{person_name(person)}" for person in range(len(design.batch_of_participant))])
    columns = {
        "participant_id": people.take(pa.array(design.person)),
        "collection_round": pa.repeat(pa.scalar("1"), n),
        "condition": pa.array((design.batch_of_participant[design.person] % 9).astype(np.int32)),
        "trial_index": pa.array(design.trial_index.astype(np.int32)),
        "is_repeat": pa.array(design.is_repeat),
        "response_time_ms": pa.array(simulate_response_times(design, 2 * number + 2)),
        "image_set": pa.repeat(pa.scalar(IMAGE_SET), n),
        **{f"image_{image}_label": names.take(pa.array(labels_of(index))) for image, index in shown.items()},
        **{f"image_{image}_index": pa.array(real[index].astype(np.int32)) for image, index in shown.items()},
        "mixing_coefficient": pa.array(MIXING_COEFFICIENTS[design.rows(design.level)]),
        "inferred_coefficient": pa.array(1 - answers.slider / 100),
        "confidence": pa.array(answers.confidence / 100),
        OWN_COLUMN: pa.array(_DEVICES).take(pa.array(design.person % len(_DEVICES))),
    }
    return pa.table(columns)


def judgment_file(place: Path, ending: str = "csv") -> Path:
    """Return the path of a study's judgment file."""
    return place / "judgments" / f"{INFER}.{ending}"


@cache
def _pictures_of_class() -> np.ndarray:
    """Return, for each of the generator's 10,000 pictures, one of CIFAR-10's test set that is of its class; int64."""
    # Both have a thousand of each class, so that different pictures stay different.
    real = known_labels()
    found = np.empty(len(real), dtype=np.int64)
    found[np.argsort(labels_of(np.arange(len(real))), kind="stable")] = np.argsort(real, kind="stable")
    return found
