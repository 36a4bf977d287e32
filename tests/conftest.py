"""Fixtures: caches of the session's own, the sample study, and the released files where they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# As many processes test as there are cores, and threads within each would wait for each other: fits took 20 times as
# long.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tests start hundreds of processes, and without bytecode each would compile anew what it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
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

# Loaded after the lines above, for it imports the package.
pytest_plugins = ["drawn_once", "dask_workers"]

# A slow machine is no failure. Every run draws other examples; `--hypothesis-profile thorough` draws many at once.
settings.register_profile("hmix", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("hmix")

# Without the list behind the address bar and a renderer in reserve, which no test sees, a page takes 40 % less time of
# the processor. The other names are Playwright's own: the browser heeds the last such list alone.
_CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "SpareRendererForSitePerProcess,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,"
    "AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch"
)

ROOT = Path(__file__).resolve().parents[1]
_LONGEST = ROOT / "tests" / "project" / "test_site.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files of tests so that several processes finish together, in a similar time.

    Those that compute are mixed with those that wait for browsers, which a hash of their names does; the longest is
    first, so that nothing waits for it at the end.
    """
    names = {path: path.relative_to(ROOT).as_posix() for path in {item.path for item in items}}
    places = {path: (path != _LONGEST, sha256(name.encode()).digest()) for path, name in names.items()}
    items.sort(key=lambda item: places[item.path])


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
def cifar10s() -> Path:
    file = _SHARED / "sisters/cifar10s/raw_human_data.csv"
    if not file.is_file():
        pytest.skip("the export of CIFAR-10S is not beside the project, in shared/sisters/cifar10s")
    return file


@pytest.fixture(scope="session")
def cifar10h_counts() -> Path:
    file = _SHARED / "sisters/cifar10h/cifar10h-counts.npy"
    if not file.is_file():
        pytest.skip("the counts of CIFAR-10H are not beside the project, in shared/sisters/cifar10h")
    return file


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start the browser; skipped with the reason where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("HMIX_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed: install it, or name it with HMIX_CHROMIUM")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=_CHROMIUM.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def violations() -> Callable[[Any], list[tuple[str, list[str]]]]:
    """Return what axe finds on a page: each rule, and the elements that break it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    script = axe.Axe().axe_script

    def found(page: Any) -> list[tuple[str, list[str]]]:
        # Half a megabyte, once for all screens of a page.
        if not page.evaluate("'axe' in window"):
            page.evaluate(script)
        broken = page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)")
        return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in broken]

    return found


@pytest.fixture(scope="session")
def misplaced_words():
    """Return the words of a figure that leave it or lie on other words."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    from hmix_hub.plots.figure import WARNING

    def misplaced(figure):
        FigureCanvasAgg(figure).draw()
        # Labels of ticks beyond the ends of an axis are there, but not drawn.
        ticks = {text for axes in figure.axes for text in (*axes.get_xticklabels(), *axes.get_yticklabels())}
        # A mark of synthetic judgments lies on the empty first line of the title.
        words = [
            text
            for text in figure.findobj(Text)
            if text.get_visible() and text.get_text().strip() and text not in ticks and text.get_color() != WARNING
        ]
        boxes = [text.get_window_extent() for text in words]
        # A line of words has some air above and below its letters.
        cores = [box.shrunk(0.98, 0.8) for box in boxes]
        return [
            text.get_text()
            for number, text in enumerate(words)
            if min(boxes[number].x0, boxes[number].y0) < 0
            or boxes[number].x1 > figure.bbox.x1
            or boxes[number].y1 > figure.bbox.y1
            or any(cores[number].overlaps(other) for other in cores[number + 1 :])
        ]

    return misplaced
