"""A built study in several files of several row groups, as large ones are: small, sorted, with its checksums."""

from __future__ import annotations

from pathlib import Path

from pyarrow import parquet

from hmix_hub.contribute.building import build
from hmix_hub.files import sha256_of
from hmix_hub.studies.built_tables import CHECKSUMS, checksums_text, read_checksums
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

JUDGMENTS, STIMULI = INFER, f"{INFER}_by_stimulus"
GROUP_ROWS = {JUDGMENTS: 24, STIMULI: 9}
"""Rows of a row group: of two participants; or of about one coefficient."""


def write_sharded(folder: Path) -> Path:
    """Build the example study of 12 participants; judgments lie in 6 row groups of 3 files, stimuli in 5 of 3."""
    built = build(Study.open(write_files(folder / "study", example_study(INFER))), folder / "built").path
    for name, keys in (
        (JUDGMENTS, ("participant_id", "trial_index")),
        (STIMULI, ("mixing_coefficient", "stimulus_id")),
    ):
        whole = built / name / "train-00000-of-00001.parquet"
        table = parquet.read_table(whole).sort_by([(key, "ascending") for key in keys])
        whole.unlink()
        rows = GROUP_ROWS[name]
        for number in range(3):
            piece = table.slice(2 * rows * number, 2 * rows)
            options = {"compression": "zstd", "write_page_checksum": True}
            parquet.write_table(piece, built / name / f"train-{number:05d}-of-00003.parquet", rows, **options)
    write_sums(built)
    return built


def write_sums(built: Path) -> None:
    """Write the checksums of a built folder again, over the files that lie there."""
    others = [n for n in read_checksums((built / CHECKSUMS).read_text(encoding="utf-8")) if (built / n).is_file()]
    tables = [path.relative_to(built).as_posix() for path in built.glob("*/train-*.parquet")]
    sums = {name: sha256_of(built / name) for name in sorted({*others, *tables})}
    (built / CHECKSUMS).write_text(checksums_text(sums), encoding="utf-8")
