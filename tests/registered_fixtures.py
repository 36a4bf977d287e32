"""A made-up registered study beside the real ones, and the files of the real ones where they are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from registered_entry import NAME, entry, raw_text

from hmix_hub import datasets_by_name

SISTERS = Path(os.environ.get("HMIX_REGISTERED") or Path(__file__).resolve().parents[2] / "shared" / "sisters")


@dataclass
class MadeUp:
    """The made-up entry: the folder of entries, that of its files, and the cache of the test."""

    entries: Path
    files: Path
    cache: Path

    @property
    def raw(self) -> Path:
        return self.files / "answers.csv"

    def write(self, content: dict) -> None:
        (self.entries / f"{NAME}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def cached(self) -> list[str]:
        """Files in the cache, by path."""
        return sorted(path.relative_to(self.cache).as_posix() for path in self.cache.rglob("*") if path.is_file())


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    entries, files = tmp_path / "entries", tmp_path / "files"
    entries.mkdir()
    files.mkdir()
    made = MadeUp(entries, files, tmp_path / "cache")
    content = raw_text().encode()
    made.raw.write_bytes(content)
    made.write(entry(content))
    monkeypatch.setattr(datasets_by_name, "ENTRIES", entries)
    monkeypatch.setenv("HMIX_CACHE", str(made.cache))
    monkeypatch.delenv("HMIX_REGISTERED", raising=False)
    return made


@pytest.fixture
def files_of():
    """Return the folder of a registered study's files; skipped with the reason where they are not."""

    def find(name: str) -> Path:
        folder = SISTERS / name
        if not folder.is_dir():
            pytest.skip(
                f"the files of {name} are not in {folder}; HMIX_REGISTERED names a folder with a folder of each study"
            )
        return folder

    return find
