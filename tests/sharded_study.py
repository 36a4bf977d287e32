"""A built study in several files of several row groups, as large ones are, but small."""

from __future__ import annotations

from pathlib import Path

from hmix_hub.contribute.building import build
from hmix_hub.files import sha256_of
from hmix_hub.studies.built_tables import CHECKSUMS, checksums_text, read_checksums
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.opened import Space
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

JUDGMENTS, STIMULI = INFER, f"{INFER}_by_stimulus"
SPACE = Space(unit=24, shard=2)
"""A unit of judgments is two participants."""


def write_sharded(folder: Path) -> Path:
    """Build the example study of 12 participants: judgments lie in 6 row groups of 3 files."""
    return build(Study.open(write_files(folder / "study", example_study(INFER)), space=SPACE), folder / "built").path


def write_sums(built: Path) -> None:
    """Write the checksums of a built folder again, over its files as they are now."""
    names = read_checksums((built / CHECKSUMS).read_text(encoding="utf-8"))
    (built / CHECKSUMS).write_text(checksums_text({n: sha256_of(built / n) for n in names}), encoding="utf-8")
