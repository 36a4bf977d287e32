"""Studies of the benchmark: folders of drawn judgments, clean or with planted faults, as CSV or as Parquet."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from hmix_hub.schema import CIFAR10
from hmix_hub.sources.sample.layout import DISTINCT_TRIALS
from hmix_hub.studies.example import example_study
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.tasks import INFER

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
OWN_COLUMN, NOTE_COLUMN = "x_device", "x_note"
TRIALS = DISTINCT_TRIALS[INFER] + 2
"""Rows of a person."""
_MOST_PEOPLE = 16_129
"""People who are drawn at a time: a million rows."""
_DEVICES = ("mouse", "touchpad", "touch screen")

Texts = dict[str, list[str]]
"""Columns of text by name."""


@dataclass(frozen=True)
class Faults:
    """Faults that are planted into a study.

    Parameters
    ----------
    name
        What is wrong.
    plant
        Changes the judgments in place; rows of person p are those from `TRIALS * p`.
    encoding
        Of the file.
    """

    name: str
    plant: Callable[[Texts], None]
    encoding: str = "utf-8"


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
        What stands in each row of a second column of its own, which makes files larger; empty: there is none.
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
        starts = range(0, self._people, _MOST_PEOPLE)
        table = pa.concat_tables(
            _drawn(min(_MOST_PEOPLE, self._people - start), seed) for seed, start in enumerate(starts)
        ).combine_chunks()
        if self.note:
            table = table.append_column(NOTE_COLUMN, pa.repeat(pa.scalar(self.note), table.num_rows))
        return table

    def write(self, ending: str = "csv", faults: Faults | None = None) -> Path:
        """Write the study into a folder of its own, unless it is there; gives the folder.

        Parameters
        ----------
        ending
            "csv" or "parquet".
        faults
            What is wrong in it, for CSV; `None`: nothing.
        """
        place = self.folder / f"{self.rows}-{'wide-' if self.note else ''}{ending}-{faults.name if faults else 'clean'}"
        file = judgment_file(place, ending)
        if file.is_file():
            return place
        file.parent.mkdir(parents=True)
        (place / MANIFEST).write_bytes(example_study(INFER)[MANIFEST])
        if faults is not None:
            texts = {name: _as_text(self.table[name]) for name in self.table.column_names}
            faults.plant(texts)
            with file.open("w", encoding=faults.encoding, newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(texts)
                writer.writerows(zip(*texts.values(), strict=True))
        elif ending == "csv":
            # Without quotes, as other programs write it.
            options = arrow_csv.WriteOptions(quoting_style="none", quoting_header="none")
            arrow_csv.write_csv(self.table, file, options)
        else:
            parquet.write_table(self.table, file, row_group_size=1 << 16)
        return place


def _drawn(people: int, seed: int) -> pa.Table:
    """Draw the judgments of people, whom the seed tells from those of another."""
    from hmix_hub.judgments.released import Provenance, from_released
    from hmix_hub.sources.sample.layout import released_table

    current = from_released(released_table(INFER, people * TRIALS, seed), INFER, Provenance("drawn", IMAGE_SET))
    table = current.select(COLUMNS)
    names = pa.array(CIFAR10.names)
    pictures = pa.array(_pictures_of_class())
    for image in (1, 2):
        label, index = f"image_{image}_label", f"image_{image}_index"
        table = _replaced(table, label, pc.take(names, table[label]))
        table = _replaced(table, index, pc.take(pictures, table[index]).cast(pa.int32()))
    person = f"p{seed}-" if seed else ""
    table = _replaced(table, "participant_id", pc.binary_join_element_wise(person, table["participant_id"], ""))
    devices = pa.array(_DEVICES).take(pa.array(np.arange(table.num_rows) // TRIALS % len(_DEVICES)))
    return table.append_column(OWN_COLUMN, devices)


def judgment_file(place: Path, ending: str = "csv") -> Path:
    """Return the path of a study's judgment file."""
    return place / "judgments" / f"{INFER}.{ending}"


def _pictures_of_class() -> np.ndarray:
    """Return, for each of the generator's 10,000 pictures, one of CIFAR-10's test set that is of its class; int64."""
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
