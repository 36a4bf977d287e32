"""The explorer in Chromium: its first paint on H-Mix, and a filter over a million judgments of 10,000 stimuli."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measures import MANY_ROWS, milliseconds

STIMULI, PARTICIPANTS, TASK = 10_000, 5_000, "infer_mixing_factor"
FIRST_PAINT, FILTERED = 1.0, 0.1
"""Aims, in seconds."""
SEED = 20230731
_FILTERS = (
    "mixing_coefficient=0.5",
    "labels=dog&labels=cat",
    "confidence=0.25:0.75",
    "inferred_coefficient=:0.5&labels=dog",
    "repeats=false",
    "exclude_flags=straightlining",
    "",
)
# The time at which the first pictures are on the screen, counted from the navigation.
_WATCH = """
const look = () => document.querySelector(".tile canvas:not(.loading):not(.absent)")
  ? requestAnimationFrame(() => (window.painted = performance.now())) : requestAnimationFrame(look);
requestAnimationFrame(look);
"""
_PAINTED = (
    "async () => { while (!window.painted) await new Promise((done) => setTimeout(done, 5)); return window.painted; }"
)
_READY = (
    "async () => { while (!(window.Plot && hmix.explorer?.view)) await new Promise((done) => setTimeout(done, 5)); }"
)
# From the press to the end of the frame in which stimuli, counts and figures are drawn.
_FILTER = """async (view) => {
  const started = performance.now();
  location.hash = view;
  await hmix.explorer.render();
  const stimuli = performance.now() - started;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [stimuli, performance.now() - started];
}"""


def print_part(arguments: argparse.Namespace) -> None:
    """Print both times beside their aims."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("HMIX_CHROMIUM") or shutil.which("chromium")
    if path is None:
        sys.exit("there is no Chromium: on Debian and Ubuntu, apt install chromium; or name one with HMIX_CHROMIUM")
    print("\n| explorer in Chromium | median | slowest | aim |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        title, seconds = _first_paints(browser, Path(scratch) / "small", arguments.rounds)
        _print(f"first pictures of {title}", seconds, FIRST_PAINT)
        rows = max(arguments.rows or (MANY_ROWS,))
        _write_large(Path(scratch) / "large", rows)
        stimuli, whole = _filter_times(browser, Path(scratch) / "large", arguments.rounds)
        what = f"a filter of {rows:,} judgments of {STIMULI:,} stimuli"
        _print(f"{what}: stimuli and counts", stimuli, FILTERED)
        _print(f"{what}: figures, too", whole, FILTERED)
        browser.close()


def _print(what: str, seconds: list[float], aim: float) -> None:
    median, slowest = statistics.median(seconds), max(seconds)
    print(f"| {what} | {milliseconds(median)} | {milliseconds(slowest)} | {milliseconds(aim)} |", flush=True)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    from hmix_hub.explorer.serving import listening

    with listening(folder) as (server, address):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield address
        server.shutdown()


def _first_paints(browser: Any, folder: Path, rounds: int) -> tuple[str, list[float]]:
    """Open the explorer of H-Mix as often as asked, each time in a browser that has not seen it."""
    from hmix_hub.explorer.writing import write_explorer
    from hmix_hub.sources import choose_source

    source = choose_source()[0]
    write_explorer("h-mix", folder, source=source, for_disk=False)
    if not _read_metadata(folder)["pictures"]["count"]:
        sys.exit("there are no pictures to wait for: set HMIX_CIFAR10, or HMIX_SOURCE=sample")
    seconds = []
    with _served(folder) as address:
        for _ in range(rounds + 1):
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.add_init_script(_WATCH)
            page.goto(f"{address}#task={TASK}")
            seconds.append(page.evaluate(_PAINTED) / 1000)
            page.context.close()
    # The first one starts the browser's own processes.
    return "the sample study" if source == "sample" else "H-Mix", seconds[1:]


def _filter_times(browser: Any, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Set one filter after another; seconds until stimuli and counts are drawn, and until figures are."""
    with _served(folder) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}#task={TASK}")
        page.evaluate(_READY)
        times = []
        for number in range(rounds + 1):
            for view in _FILTERS:
                found = page.evaluate(_FILTER, f"task={TASK}&{view}")
                # In the first round, what is derived from columns once is derived.
                times += [found] if number else []
        page.close()
    stimuli, whole = zip(*times, strict=True)
    return [time / 1000 for time in stimuli], [time / 1000 for time in whole]


def _write_large(folder: Path, rows: int) -> None:
    """Write an explorer of the sample study, then random judgments in place of its own."""
    from hmix_hub.explorer.columns import stream_of
    from hmix_hub.explorer.metadata import script_of
    from hmix_hub.explorer.writing import METADATA, write_explorer

    write_explorer("h-mix", folder, source="sample", for_disk=False)
    random = np.random.default_rng(SEED)
    tables = {
        f"{TASK}.stimuli": (stimuli := _stimuli(folder, random)),
        "participants": _participants(),
        TASK: _judgments(random, rows, stimuli["mixing_coefficient"].to_numpy()),
    }
    for name, table in tables.items():
        (folder / "data" / f"{name}.arrow").write_bytes(stream_of(table))
    metadata = _read_metadata(folder)
    metadata["tasks"] = [task for task in metadata["tasks"] if task["name"] == TASK]
    metadata["tasks"][0] |= {"n_judgments": rows, "n_participants": PARTICIPANTS, "n_stimuli": STIMULI}
    (folder / METADATA).write_bytes(script_of("explorer", metadata))


def _read_metadata(folder: Path) -> dict[str, Any]:
    from hmix_hub.explorer.writing import METADATA

    script = (folder / METADATA).read_text(encoding="utf-8")
    metadata: dict[str, Any] = json.loads(script[script.index("{") : script.rindex("}") + 1])
    return metadata


def _stimuli(folder: Path, random: np.random.Generator) -> dict[str, pa.Array]:
    """Repeat the sample's stimuli under new ids."""
    with pa.ipc.open_stream((folder / "data" / f"{TASK}.stimuli.arrow").read_bytes()) as reader:
        table = reader.read_all()
    drawn = table.take(random.integers(0, table.num_rows, STIMULI))
    columns = {name: drawn[name].combine_chunks() for name in drawn.column_names}
    return columns | {"stimulus_id": pa.array([f"mixed_{number}" for number in range(STIMULI)])}


def _participants() -> dict[str, pa.Array]:
    studies = pa.array(["sample"] * PARTICIPANTS).dictionary_encode()
    return {"participant_id": pa.array([f"p{number:05}" for number in range(PARTICIPANTS)]), "study_id": studies}


def _judgments(random: np.random.Generator, rows: int, shown: np.ndarray[Any, Any]) -> dict[str, pa.Array]:
    stimulus = random.integers(0, STIMULI, rows, dtype=np.int32)
    inferred = np.clip(shown[stimulus] + random.normal(0, 0.2, rows), 0, 1).round(2)
    numbers = {
        "stimulus": stimulus,
        "participant": random.integers(0, PARTICIPANTS, rows, dtype=np.int32),
        "trial_index": random.integers(0, 60, rows, dtype=np.int32),
        "presentation": random.integers(1, 3, rows, dtype=np.int32),
        "is_repeat": random.random(rows) < 0.1,
        "response_time_ms": random.lognormal(8, 0.7, rows),
        "inferred_coefficient": inferred,
        "confidence": random.random(rows).round(2),
        "flags": (random.random(rows) < 0.05).astype(np.uint32) * 16,
    }
    texts = {"study_id": ["sample"], "collection_round": ["1", "2"]}
    coded = {
        name: pa.DictionaryArray.from_arrays(random.integers(0, len(names), rows, dtype=np.int32), names)
        for name, names in texts.items()
    }
    return {name: pa.array(values) for name, values in numbers.items()} | coded
