"""Studies of the benchmark: folders of drawn judgments, clean or with planted faults, as CSV or as Parquet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from hmix_hub.schema import CIFAR10, INFER
from hmix_hub.studies.example import example_study
from hmix_hub.studies.manifest import MANIFEST

IMAGE_SET = "cifar10/test"
"""The image set whose labels are known without its pixels, so that the rule of labels runs, too."""
COLUMNS = (
    "participant_id",
    "collection_round",
    "condition",
    "trial_index",
    "is_repeat",
    "response_time_ms",
    "image_set",
    "image_1_label",
    "image_2_label",
    "image_1_index",
    "image_2_index",
    "mixing_coefficient",
    "inferred_coefficient",
    "confidence",
)
OWN_COLUMN = "x_device"
_DEVICES = ("mouse", "touchpad", "touch screen")

Plant = Callable[[pd.DataFrame], None]


@dataclass(frozen=True)
class DrawnStudy:
    """A study of drawn judgments, in which nothing is to be found.

    Parameters
    ----------
    rows
        Judgments, of which those of whole people are kept: somebody cut off in the middle would be a finding.
    folder
        Gets the study folders.
    """

    rows: int
    folder: Path

    @cached_property
    def table(self) -> pa.Table:
        """The judgments as a contributor writes them: classes by name, columns that are computed left out."""
        from hmix_hub.judgments.upward import Provenance, to_current
        from hmix_hub.sources.sample import released_table
        from hmix_hub.sources.sample.layout import DISTINCT_TRIALS

        trials = DISTINCT_TRIALS[INFER] + 2
        released = released_table(INFER, max(self.rows // trials, 1) * trials)
        current = to_current(released, INFER, Provenance("drawn", IMAGE_SET))
        table = current.select(COLUMNS)
        names = pa.array(CIFAR10.names)
        pictures = pa.array(_pictures_of_class())
        for image in (1, 2):
            label, index = f"image_{image}_label", f"image_{image}_index"
            table = _replaced(table, label, pc.take(names, table[label]))
            table = _replaced(table, index, pc.take(pictures, table[index]).cast(pa.int32()))
        person = np.arange(table.num_rows) // trials
        devices = pa.array(_DEVICES).take(pa.array(person % len(_DEVICES)))
        return table.append_column(OWN_COLUMN, devices)

    def write(self, ending: str = "csv", plant: Plant | None = None) -> Path:
        """Write the study into a folder of its own, unless it is there; gives the folder.

        Parameters
        ----------
        ending
            "csv" or "parquet".
        plant
            Plants faults into the judgments as text, for CSV; `None`: the clean study.
        """
        place = self.folder / f"{ending}-{plant.__name__.strip('_') if plant else 'clean'}"
        file = judgment_file(place, ending)
        if file.is_file():
            return place
        file.parent.mkdir(parents=True)
        (place / MANIFEST).write_bytes(example_study(INFER)[MANIFEST])
        if plant is not None:
            texts = pd.DataFrame({name: _as_text(self.table[name]) for name in self.table.column_names}, dtype=object)
            plant(texts)
            file.write_text(texts.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
        elif ending == "csv":
            csv.write_csv(self.table, file, csv.WriteOptions(quoting_style="none", quoting_header="none"))
        else:
            parquet.write_table(self.table, file, row_group_size=1 << 16)
        return place


def judgment_file(place: Path, ending: str = "csv") -> Path:
    """Give the path of a study's judgment file."""
    return place / "judgments" / f"{INFER}.{ending}"


def _pictures_of_class() -> np.ndarray:
    """Give, for each of the generator's 10,000 pictures, one of CIFAR-10's test set that is of its class; int64."""
    from hmix_hub.sources.cifar10 import known_labels
    from hmix_hub.sources.sample.drawing import labels_of

    # Both have a thousand of each class, so that different pictures stay different.
    real = known_labels()
    found = np.empty(len(real), dtype=np.int64)
    found[np.argsort(labels_of(np.arange(len(real))), kind="stable")] = np.argsort(real, kind="stable")
    return found


def _replaced(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def _as_text(column: pa.ChunkedArray) -> list[str]:
    return list(column.cast(pa.string()).fill_null("").to_pylist())
