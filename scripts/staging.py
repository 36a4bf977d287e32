"""The package as it is installed: a copy that includes builders and dataset_cards, for tools that read all of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environment import ROOT


@contextmanager
def staged() -> Iterator[Path]:
    """Yield a temporary folder with `hmix_hub`, as it is installed, and `scripts`."""
    ignore = shutil.ignore_patterns("__pycache__")
    with tempfile.TemporaryDirectory(prefix="hmix-staged-") as scratch:
        folder = Path(scratch)
        shutil.copytree(ROOT / "hmix_hub", folder / "hmix_hub", ignore=ignore)
        for name in ("builders", "dataset_cards"):
            shutil.copytree(ROOT / name, folder / "hmix_hub" / name, ignore=ignore)
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=ignore)
        yield folder


def checkout(folder: Path) -> Path:
    """Copy the files of the project, including bytecode, to a new folder; return the folder."""
    skipped = shutil.ignore_patterns(".*", "build", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=skipped)
    return folder
