"""Importing part of the benchmark: exports of a laboratory in three forms, each through its column map."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from benchmarks.measures import medians, milliseconds
from benchmarks.studies import TRIALS, DrawnStudy
from hmix_hub.contribute.importer import import_raw
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

_COMPARED = (
    "participant_id",
    "trial_index",
    "image_1_index",
    "image_2_index",
    "mixing_coefficient",
    "inferred_coefficient",
    "confidence",
)
_ANSWER = r"""
  response_time_ms: {constant: ''}
  mixing_coefficient: {column: picture, pattern: '_(\d+)\.png$', divide: 100}
  inferred_coefficient: {column: answer, json: slider, divide: 100}
  confidence: {column: answer, json: sure, scale: [0, 100]}
"""
_NAMED = r"""
  image_1_label: {column: picture, pattern: '^([a-z]+)_'}
  image_1_index: {column: picture, pattern: '^[a-z]+_(\d+)_'}
  image_2_label: {column: picture, pattern: '_([a-z]+)_\d+_\d+\.png$'}
  image_2_index: {column: picture, pattern: '_(\d+)_\d+\.png$'}
"""
_LONG = rf"""
task: {INFER}
rows: [{{column: screen, equals: rating}}]
columns:
  participant_id: worker
  trial_index: trial
{_ANSWER}{_NAMED}"""
_WIDE = rf"""
task: {INFER}
melt: {{columns: 'T(\d+)_(picture|answer|trial)', into: [slot]}}
table: {{file: items.csv, by: picture}}
columns:
  participant_id: worker
  trial_index: trial
{_ANSWER}
  image_1_label: label_1
  image_1_index: index_1
  image_2_label: label_2
  image_2_index: index_2
"""


class Laboratory:
    """Raw files of one study, in three forms, and a map for each.

    Parameters
    ----------
    rows
        Judgments, of which those of whole participants are kept.
    folder
        Gets the files.
    """

    def __init__(self, rows: int, folder: Path) -> None:
        self.study, self.folder = DrawnStudy(rows, folder), folder
        table = self.study.table
        parts = [table[name].cast(pa.string()) for name in ("image_1_label", "image_1_index", "image_2_label")]
        share = pc.round(pc.multiply(table["mixing_coefficient"], 100)).cast(pa.int64()).cast(pa.string())
        parts += [table["image_2_index"].cast(pa.string()), pc.binary_join_element_wise(share, "png", ".")]
        numbers = [pc.multiply(table[name], 100.0).cast(pa.string()) for name in ("inferred_coefficient", "confidence")]
        answer = pc.binary_join_element_wise('{"slider": ', numbers[0], ', "sure": ', numbers[1], "}", "")
        self.raw = pa.table(
            {
                "worker": table["participant_id"],
                "screen": pa.repeat(pa.scalar("rating"), table.num_rows),
                "trial": table["trial_index"],
                "picture": pc.binary_join_element_wise(*parts, "_"),
                "answer": answer,
            }
        ).combine_chunks()

    def long(self) -> tuple[list[Path], Path]:
        """Write one file with a row for each answer."""
        return [self._write("long", self.raw)], self._map("long", _LONG)

    def files(self) -> tuple[list[Path], Path]:
        """Write a file for each participant."""
        starts = range(0, self.raw.num_rows, TRIALS)
        paths = [self._write(f"p{start}", self.raw.slice(start, TRIALS)) for start in starts]
        return paths, self._map("files", _LONG)

    def wide(self) -> tuple[list[Path], Path]:
        """Write one file with a row for each participant, and the item table of the pictures."""
        rows = np.arange(self.raw.num_rows).reshape(-1, TRIALS)
        columns = {"worker": self.raw["worker"].take(pa.array(rows[:, 0]))}
        for slot in range(TRIALS):
            for name in ("picture", "answer", "trial"):
                columns[f"T{slot}_{name}"] = self.raw[name].take(pa.array(rows[:, slot]))
        first = pc.index_in(self.raw["picture"].unique(), self.raw["picture"])
        items = {"picture": self.raw["picture"].take(first)}
        for number in (1, 2):
            items |= {
                f"{kind}_{number}": self.study.table[f"image_{number}_{kind}"].take(first)
                for kind in ("label", "index")
            }
        self._write("items", pa.table(items))
        return [self._write("wide", pa.table(columns))], self._map("wide", _WIDE)

    def _write(self, name: str, table: pa.Table) -> Path:
        csv.write_csv(table, self.folder / f"{name}.csv")
        return self.folder / f"{name}.csv"

    def _map(self, name: str, text: str) -> Path:
        (self.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return self.folder / f"{name}.yaml"

    def bring_in(self, files: list[Path], map_file: Path) -> Path:
        """Import raw files into a study folder that is described already; returns the folder."""
        place = self.folder / f"study-{map_file.stem}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        shutil.copy(self.study.write() / MANIFEST, place / MANIFEST)
        import_raw(files, place, map_file=map_file)
        return place


def print_import(rows: int, rounds: int) -> None:
    """Print what the import of three forms of one study takes."""
    print("\n| raw file | rows | import | microseconds a row |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as place:
        laboratory = Laboratory(rows, Path(place))
        n = laboratory.study.n
        forms = {
            "a row an answer": laboratory.long(),
            "a row a participant, with an item table": laboratory.wide(),
            f"{n // TRIALS:,} files, one a participant": laboratory.files(),
        }
        for form in forms.values():
            check_same(laboratory, laboratory.bring_in(*form))
        times = medians([lambda form=form: laboratory.bring_in(*form) for form in forms.values()], rounds)  # type: ignore[misc]
        for name, seconds in zip(forms, times, strict=True):
            print(f"| {name} | {n:,} | {milliseconds(seconds)} | {1e6 * seconds / n:.1f} |", flush=True)


def check_same(laboratory: Laboratory, place: Path) -> Path:
    """Check that the judgments imported are those that were exported, and return the study folder.

    Raises
    ------
    SystemExit
        If they are not.
    """
    order = [("participant_id", "ascending"), ("trial_index", "ascending")]
    found, wanted = (table.sort_by(order) for table in (Study.open(place).judgments(INFER), laboratory.study.table))
    for name in _COMPARED:
        one, other = (table[name].to_numpy() for table in (found, wanted))
        is_same = np.array_equal(one, other) if one.dtype == object else np.allclose(one, other, rtol=0, atol=1e-12)
        if not is_same:
            msg = f"{place.name}: {name} is not what was exported"
            raise SystemExit(msg)
    return place
