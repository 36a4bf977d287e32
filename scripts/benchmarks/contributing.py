"""Contributing part of the benchmark: a study validated by this package, and by rules written by hand in pandas."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks import by_hand
from benchmarks.by_hand import PEOPLE_WITH_FAULTS
from benchmarks.measures import SIZES, apart, mebibytes, medians, milliseconds, raised_memory, turns
from benchmarks.studies import TRIALS, DrawnStudy, judgment_file
from hmix_hub.contribute.building import write_generated
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.folder import FIGURES, GENERATED
from hmix_hub.studies.reading.chunks import CHUNK_BYTES
from hmix_hub.studies.study import Study

AIM = 1
GENERATED_ROWS = 150_000
DESCRIBED = [*GENERATED, FIGURES]
NOTE = "The picture was looked at on a screen of 24 inches from 60 cm in a room without a window. " * 2


def validate(file: Path) -> Counter[str]:
    """Return how many rows break each rule, as this package finds in the study that a judgment file belongs to."""
    found: Counter[str] = Counter()
    for finding in Study.open(file.parent.parent).report:
        found[finding.rule.code] += finding.count
    return found


WAYS = (validate, by_hand.validate)


class Input(NamedTuple):
    """One kind of study that is timed."""

    name: str
    ending: str
    is_faulty: bool = False


INPUTS = (
    Input("CSV, nothing to find", "csv"),
    Input("CSV, faults in cells", "csv", is_faulty=True),
    Input("Parquet, nothing to find", "parquet"),
)


def print_part(arguments: argparse.Namespace) -> None:
    """Print rows per second of both ways, then memory against the size of files, the limits, and the search."""
    sizes, rounds = arguments.rows or SIZES, arguments.rounds
    print("\n| rows | study | hmix-hub, rows per second | pandas, rows per second | ratio | aim | peak memory, both |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
        warm_up = judgment_file(DrawnStudy(TRIALS, Path(folder)).write())
        studies = [DrawnStudy(max(rows, PEOPLE_WITH_FAULTS * TRIALS), Path(folder)) for rows in sizes]
        for study in studies:
            _compare(study, warm_up, turns(study.rows, rounds))
        largest = max(*sizes, PEOPLE_WITH_FAULTS * TRIALS)
        _print_memory(largest, Path(folder), warm_up)
        _print_limits(DrawnStudy(largest, Path(folder)), turns(largest, rounds))
        _print_generated(DrawnStudy(GENERATED_ROWS, Path(folder)), rounds)


def _compare(study: DrawnStudy, warm_up: Path, rounds: int) -> None:
    for kind in INPUTS:
        file = judgment_file(study.write(kind.ending, by_hand.plant_faults if kind.is_faulty else None), kind.ending)
        check_same(file, is_faulty=kind.is_faulty)
        ours, theirs = medians([lambda way=way, file=file: way(file) for way in WAYS], rounds)  # type: ignore[misc]
        memory = [mebibytes(peak_memory(number, file, warm_up)) for number in range(len(WAYS))]
        n = study.n
        print(
            f"| {n:,} | {kind.name} | {n / ours:,.0f} | {n / theirs:,.0f} | {theirs / ours:.2f} | {AIM} "
            f"| {memory[0]}, {memory[1]} |",
            flush=True,
        )


def check_same(file: Path, *, is_faulty: bool) -> Counter[str]:
    """Check that both ways find the same in a judgment file, and return it.

    Raises
    ------
    SystemExit
        If they do not: a ratio of different results means nothing.
    """
    ours, theirs = (way(file) for way in WAYS)
    if ours != theirs or bool(ours) != is_faulty:
        msg = f"{file}: hmix-hub found {dict(ours)}, pandas found {dict(theirs)}"
        raise SystemExit(msg)
    return ours


def _print_memory(rows: int, folder: Path, warm_up: Path) -> None:
    """Print what our memory follows: the number of rows, whatever the file's size."""
    print("\n| rows | study | file | peak memory | bytes of memory per row |")
    print("|---:|---|---:|---:|---:|")
    for study, name in (
        (DrawnStudy(rows, folder), ""),
        (DrawnStudy(rows, folder, NOTE), f", {len(NOTE)} more characters a row"),
    ):
        for ending, kind in (("csv", "CSV"), ("parquet", "Parquet")):
            file = judgment_file(study.write(ending), ending)
            n = study.n
            peak = peak_memory(0, file, warm_up)
            each = "?" if peak is None else f"{1024 * peak / n:,.0f}"
            size = file.stat().st_size / 1e6
            print(f"| {n:,} | {kind}{name} | {size:,.0f} MB | {mebibytes(peak)} | {each} |", flush=True)


def _print_limits(study: DrawnStudy, rounds: int) -> None:
    """Print how near we are to reading the bytes, and to parsing them without looking at what they say."""
    place = study.write()
    file = judgment_file(place)
    parquet = judgment_file(study.write("parquet"), "parquet")
    ours, read, parsed, searched, of_parquet, loaded = medians(
        [
            lambda: Study.open(place).report,
            lambda: _read_bytes(file),
            lambda: _parse_text(file),
            lambda: scan_privacy(Study.open(place)),
            lambda: Study.open(parquet.parent.parent).report,
            lambda: _read_parquet(parquet),
        ],
        rounds,
    )
    n, size = study.n, file.stat().st_size
    print(
        f"* limit, {n:,} rows as CSV, {size / 1e6:,.0f} MB: reading the bytes takes {milliseconds(read)}, parsing them "
        f"as text with pyarrow.csv on one core {milliseconds(parsed)}; validating takes {milliseconds(ours)}, "
        f"{ours / parsed:.1f} times as long as parsing, {size / ours / 1e6:,.0f} MB/s"
    )
    print(
        f"* limit, {n:,} rows as Parquet, {parquet.stat().st_size / 1e6:,.0f} MB: decoding them with pyarrow.parquet "
        f"takes {milliseconds(loaded)}; validating takes {milliseconds(of_parquet)}, {of_parquet / loaded:.1f} times "
        "as long"
    )
    print(f"* `scan_privacy`, {n:,} rows as CSV: {milliseconds(searched)}, {n / searched:,.0f} rows per second")


def _print_generated(study: DrawnStudy, rounds: int) -> None:
    """Print what validating a study takes before and after its generated files are there."""
    place = study.write()
    shutil.rmtree(described := place.with_name(f"{place.name}-described"), ignore_errors=True)
    shutil.copytree(place, described)
    write_generated(Study.open(described), DESCRIBED)
    plain, checked = medians([lambda: _validate_by_command(place), lambda: _validate_by_command(described)], rounds)
    print(
        f"* `hmix contribute validate`, {study.n:,} rows as CSV: {milliseconds(plain)}; with every generated file "
        f"{milliseconds(checked)}, {checked / plain:.1f} times as long"
    )


def _validate_by_command(place: Path) -> None:
    # What a person waits for, in a process that has kept nothing from the round before.
    code = "from hmix_hub.cli.main import main; main()"
    words = [sys.executable, "-c", code, "contribute", "validate", str(place)]
    subprocess.run(words, check=True, capture_output=True)


def _read_bytes(file: Path) -> None:
    buffer = bytearray(CHUNK_BYTES)
    with file.open("rb", buffering=0) as stream:
        while stream.readinto(buffer):
            pass


def _parse_text(file: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv

    with file.open(encoding="utf-8") as stream:
        names = stream.readline().rstrip("\n").split(",")
    reader = csv.open_csv(
        file,
        read_options=csv.ReadOptions(use_threads=False, block_size=CHUNK_BYTES),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    for _ in reader:
        pass


def _read_parquet(file: Path) -> None:
    from pyarrow import parquet

    with parquet.ParquetFile(file) as opened:
        for _ in opened.iter_batches():
            pass


def peak_memory(way: int, file: Path, warm_up: Path) -> int | None:
    """Measure, in a process of its own, how far a way raises resident memory above where it stood; KiB."""
    memory: int | None = apart(memory_of_way, way, str(file), str(warm_up))
    return memory


def memory_of_way(way: int, file: str, warm_up: str) -> int | None:
    """Return the KiB by which a way raises resident memory, once the libraries have been used."""
    WAYS[way](Path(warm_up))
    return raised_memory(lambda: WAYS[way](Path(file)))
