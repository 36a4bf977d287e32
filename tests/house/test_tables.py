"""Every table, byte for byte: six configurations in each schema version, of the release and of the sample.

The hashes were written by the code as it was before tasks, studies and loading had rooms of their own: changing one is
changing the data.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import hmix_hub
from hmix_hub.schema import RELEASED, VERSIONS
from hmix_hub.tasks import RELEASED_CONFIGURATIONS

HASHES = json.loads(Path(__file__).with_name("tables.json").read_text(encoding="utf-8"))


def table_hash(dataset):
    """Return the sha256 of columns, types and rows; numbers are written so that they read back exactly."""
    table = dataset.with_format("arrow")[:]
    digest = hashlib.sha256(json.dumps([[field.name, str(field.type)] for field in table.schema]).encode())
    for batch in table.to_batches(max_chunksize=1000):
        digest.update(json.dumps(batch.to_pylist()).encode())
    return digest.hexdigest()


def tables(source):
    """Yield the name and hash of every table of a source."""
    for name, configuration in RELEASED_CONFIGURATIONS.items():
        for version in VERSIONS:
            if not (configuration.by_stimulus and version == RELEASED):
                dataset = hmix_hub.load_dataset("h-mix", name, split="train", source=source, schema_version=version)
                yield f"{name} {version}", table_hash(dataset)
    for name in [name for name, configuration in RELEASED_CONFIGURATIONS.items() if not configuration.by_stimulus]:
        judgments = hmix_hub.load_dataset("h-mix", name, split="train", source=source)
        yield f"by_stimulus({name})", table_hash(hmix_hub.by_stimulus(judgments))


@pytest.mark.parametrize("which", ["sample", "release"])
def test_every_table_is_what_it_was(which, request):
    source = "sample" if which == "sample" else request.getfixturevalue("release")
    assert dict(tables(source)) == HASHES[which]
