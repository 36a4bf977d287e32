"""Minimal changes to a copy of the project: a new task, a column, a built-in image set.

Each function returns the files that it changed; tests use the additions throughout the package.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from environment import ROOT

TASK = "estimate_share"
COLUMN = "typed_digits"
VERSION = "2.4.0"
IMAGE_SET = "sample/more"
_TEMPLATES = ROOT / "tests" / "house" / "added_task"


def add_task(project: Path) -> list[Path]:
    """Add a task: one mixture, one number, not part of the release."""
    package = project / "hmix_hub"
    files = {
        "task.py": package / f"tasks/{TASK}.py",
        "suite_task.py": package / f"suite/tasks/{TASK}.py",
        "page.js": package / f"suite/client/tasks/{TASK}.js",
        "preset.yaml": package / f"suite/presets/{TASK}.yaml",
    }
    for template, path in files.items():
        shutil.copy(_TEMPLATES / template, path)
    registry = package / "tasks/__init__.py"
    # In the imports, and in the registry, which is indented further.
    _replace(registry, "\n    construct_midpoint,\n", f"\n    construct_midpoint,\n    {TASK},\n")
    _replace(registry, "\n        infer_mixing_factor,\n", f"\n        infer_mixing_factor,\n        {TASK},\n")
    return [*files.values(), registry]


def add_column(project: Path) -> list[Path]:
    """Add a column to infer_mixing_factor, with its MINOR version of the schema."""
    task, versions = project / "hmix_hub/tasks/infer_mixing_factor.py", project / "hmix_hub/schema/versions.py"
    column = f'        Column("{COLUMN}", Kind.INT32, "digits typed", low=0, nullable=True, since="{VERSION}"),\n'
    _replace(task, "        IMAGE_1_SIDE,\n", f"{column}        IMAGE_1_SIDE,\n")
    _replace(versions, 'CURRENT = "2.3.0"\n', f'CURRENT = "{VERSION}"\n')
    _replace(
        versions,
        '(RELEASED, JUDGMENT_TABLE, "2.1.0", "2.2.0", CURRENT)',
        '(RELEASED, JUDGMENT_TABLE, "2.1.0", "2.2.0", "2.3.0", CURRENT)',
    )
    return [task, versions]


def add_image_set(project: Path) -> list[Path]:
    """Add a built-in image set: the sample's pictures under another name."""
    registry = project / "hmix_hub/sources/image_sets.py"
    entry = f"""    "{IMAGE_SET}": KnownImageSet(
        "The pictures are more of the synthetic ones: {{both}} of them.",
        CIFAR10,
        labels=lambda: _drawn()[1],
        open=lambda _: replace(_open_sample(), name="{IMAGE_SET}"),
    ),
"""
    _replace(registry, "    SAMPLE_PICTURES: KnownImageSet(\n", f"{entry}    SAMPLE_PICTURES: KnownImageSet(\n")
    return [registry]


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        msg = f"{path}: {old!r} occurs {text.count(old)} times, not once"
        raise ValueError(msg)
    path.write_text(text.replace(old, new), encoding="utf-8")
