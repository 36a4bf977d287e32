"""Fixtures: caches of the session's own, the sample study, and the released files where they are."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports `datasets`, which reads it once.
_SCRATCH = tempfile.TemporaryDirectory(prefix="hmix-tests-")
os.environ["HF_HOME"] = str(Path(_SCRATCH.name) / "huggingface")
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HMIX_CACHE"] = str(Path(_SCRATCH.name) / "hmix")
for _name in ("HF_DATASETS_CACHE", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HMIX_REGISTER"):
    os.environ.pop(_name, None)
_SHARED = Path(__file__).resolve().parents[2] / "shared"
_RELEASE = os.environ.pop("HMIX_SOURCE", "") or str(_SHARED / "h_mix")
# Taken out of the environment: tests name places themselves.
_CIFAR10 = os.environ.pop("HMIX_CIFAR10", "") or str(_SHARED / "cifar10")

# A slow machine is no failure.
settings.register_profile("hmix", deadline=None)
settings.load_profile("hmix")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def release() -> Path:
    folder = Path(_RELEASE)
    if not (folder / "hmix_infer_mixing_factor.csv").is_file():
        pytest.skip("the released files are not here: name a folder that holds them with HMIX_SOURCE")
    return folder


@pytest.fixture(scope="session")
def cifar10() -> Path:
    folder = Path(_CIFAR10)
    if not sorted(folder.glob("plain_text/test-*.parquet")):
        pytest.skip("CIFAR-10's test set is not here: name a folder that holds plain_text/test-*.parquet: HMIX_CIFAR10")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(
    params=["construct_midpoint", "select_shuffled_midpoint", "infer_mixing_factor", "categorical_soft_labels"]
)
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def load_sample():
    """Load a configuration of the sample study; prepared once per session."""
    import hmix_hub

    def load(config: str = "infer_mixing_factor", **options):
        return hmix_hub.load_dataset("h-mix", config, split="train", source="sample", **options)

    return load


@pytest.fixture(scope="session")
def run():
    """Run Python code in a process of its own, on the sample study."""

    def run_code(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"HMIX_SOURCE": "sample"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run_code
