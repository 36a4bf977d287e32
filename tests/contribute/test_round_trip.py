"""The whole road: raw export, import, validation, build, pull request, merge, and the same judgments from the Hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.importer import import_raw
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.sources import JUDGMENT_FILES, resolve_source
from hmix_hub.studies.study import Study

REPOSITORY = "lab/sample"

_LOAD = """
import json, sys
import datasets, hmix_hub
repository, *tasks = sys.argv[1:]
found = {}
for task in tasks:
    ds = hmix_hub.load_dataset(repository, task, split="train", revision="1.0.0")
    plain = datasets.load_dataset(repository, task, split="train", revision="1.0.0")
    some = hmix_hub.load_dataset(repository, task, split="train", participants=ds[0]["participant_id"], repeats=False)
    found[task] = {
        "rows": ds.to_list(), "plain": plain.to_list(),
        "features": str(ds.features), "plain_features": str(plain.features), "some": some["judgment_id"][:],
        "tensors": {name: [list(t.shape), t.double().nan_to_num(-1).sum().item()]
        for name, t in hmix_hub.to_tensors(ds).items()},
    }
print(json.dumps(found))
"""


@pytest.fixture
def sample_study(tmp_path, edit):
    """The sample study, imported from its raw files, as a contributor would."""
    source = resolve_source("sample")
    folder = tmp_path / "sample"
    import_raw([source.path(name) for name in JUDGMENT_FILES.values()], folder)
    manifest = folder / "study.yaml"
    stated = {
        "licence": "CC0-1.0",
        "first": "2025-01",
        "last": "2025-01",
        "language": "en",
        "source": "sample/pictures",
        "mixing": "pixel-linear",
        "classes": "cifar10",
        "procedure": "released",
    }
    for field, value in stated.items():
        edit(manifest, f"{field}: TODO", f"{field}: {value}")
    manifest.write_text(manifest.read_text().replace("TODO", "Simulated"))
    return folder


def test_the_raw_export_gives_a_valid_study(sample_study):
    assert check_study(Study.open(sample_study)).errors == []


def test_what_comes_from_the_hub_is_what_went_in(sample_study, hub, tmp_path, load_sample):
    publish(Study.open(sample_study), REPOSITORY, synthetic=True)
    hub.merge(REPOSITORY, 1)
    assert publish(Study.open(sample_study), REPOSITORY, synthetic=True).action == "tagged"
    # Somebody else's process, which has no cache of anything.
    ran = subprocess.run(
        [sys.executable, "-c", _LOAD, REPOSITORY, *JUDGMENT_FILES],
        env=os.environ | hub.environment(tmp_path / "elsewhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found_of = json.loads(ran.stdout.splitlines()[-1])
    for task in JUDGMENT_FILES:
        found, expected = found_of[task], load_sample(task)
        assert found["rows"] == found["plain"] == expected.to_list()
        assert found["features"] == found["plain_features"] == str(expected.features)
        person = expected[0]["participant_id"]
        kept = hmix_hub.filter(expected, participants=person, repeats=False)
        assert found["some"] == kept["judgment_id"][:]
        tensors = hmix_hub.to_tensors(expected)
        assert list(found["tensors"]) == list(tensors)
        for name, tensor in tensors.items():
            shape, total = found["tensors"][name]
            assert shape == list(tensor.shape)
            assert total == pytest.approx(tensor.double().nan_to_num(-1).sum().item())
