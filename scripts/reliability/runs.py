"""Runs: train the arms and seeds that have no result yet, and report all results."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import torch
from tqdm import tqdm

from hmix_hub.files import replace_file
from hmix_hub.plots.figure import save
from reliability.arms import Arm
from reliability.comparing import as_json, compare, table_text
from reliability.figure import draw_differences
from reliability.material import Material
from reliability.results import Result, append_results, read_results
from reliability.scoring import score
from reliability.settings import Settings
from reliability.training import Rows, train

TABLE, FIGURE, SUMMARY = "table.md", "differences.png", "comparisons.json"


@dataclass(frozen=True)
class Plan:
    """What to train, and where to keep the results.

    Parameters
    ----------
    material, arms, settings
        What is trained, on what, and how.
    seeds
        Seeds of each arm.
    at_once
        Seeds trained as one stack.
    device
        Where the networks are.
    jobs
        Stacks trained in parallel.
    folder
        Folder of results.
    """

    material: Material
    arms: Mapping[str, Arm]
    settings: Settings
    seeds: Sequence[int]
    at_once: int
    device: torch.device
    jobs: int
    folder: Path

    def keys(self) -> dict[tuple[str, int], str]:
        """Return the key of each arm and seed."""
        material = self.material.fingerprint
        labels = {name: arm.fingerprint(self.material) for name, arm in self.arms.items()}
        return {
            (name, seed): self.settings.key(material, labels[name], seed) for seed in self.seeds for name in self.arms
        }

    def missing(self) -> Iterator[tuple[Arm, list[int]]]:
        """Yield arms with the seeds to stack; all arms of the first seeds come first, so interim tables are paired."""
        keys, known = self.keys(), read_results(self.folder)
        for first in range(0, len(self.seeds), self.at_once):
            seeds = self.seeds[first : first + self.at_once]
            for name, arm in self.arms.items():
                left = [seed for seed in seeds if keys[name, seed] not in known]
                if left:
                    yield arm, left

    def results(self) -> list[Result]:
        """Return the results that exist, by seed and arm."""
        known = read_results(self.folder)
        return [known[key] for key in self.keys().values() if key in known]


def run(plan: Plan) -> None:
    """Train and score what has no result yet; each stack's results are on the disk before the next ones are awaited."""
    keys = plan.keys()
    todo = list(plan.missing())
    if not todo:
        return
    rows = Rows.of(plan.material, plan.settings.padding, plan.device)
    total = sum(len(seeds) for _, seeds in todo) * plan.settings.epochs
    stop = Event()

    def results_of(arm: Arm, seeds: Sequence[int]) -> list[Result]:
        def after_epoch() -> None:
            if stop.is_set():
                raise CancelledError
            bar.update(len(seeds))

        started = time.monotonic()
        network = train(arm, seeds, rows, plan.settings, after_epoch)
        metrics = score(network, plan.material, plan.settings)
        seconds = round((time.monotonic() - started) / len(seeds), 2)
        named = [(keys[arm.name, seed], arm.name, seed, own) for seed, own in zip(seeds, metrics, strict=True)]
        return [Result(*parts, seconds, _name(plan.device)) for parts in named]

    with (
        _threads(plan.jobs),
        tqdm(total=total, unit="epoch", disable=not sys.stderr.isatty()) as bar,
        ThreadPoolExecutor(plan.jobs) as pool,
    ):
        jobs = [pool.submit(results_of, arm, seeds) for arm, seeds in todo]
        try:
            for job in as_completed(jobs):
                append_results(plan.folder, job.result())
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def _threads(jobs: int) -> Iterator[None]:
    """Limit each of several jobs to one thread: threads that share a small operation mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if jobs > 1 else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def report(plan: Plan, mark: str = "") -> str:
    """Write tables, figure and JSON of all results, and return the tables.

    Parameters
    ----------
    plan
        What was trained.
    mark
        A warning for table and figure if the answers are simulated.
    """
    results = plan.results()
    differences = compare(results)
    head = f"{mark}\n\n" if mark else ""
    text = f"{head}{_note(plan)}.\n\n{table_text(results, differences)}"
    replace_file(plan.folder / TABLE, text.encode())
    summary = {"settings": plan.settings.as_dict(), "rows": _rows(plan)} | as_json(results, differences)
    replace_file(plan.folder / SUMMARY, (json.dumps(summary, indent=2) + "\n").encode())
    if differences:
        save(draw_differences(differences, note=_note(plan), mark=mark), plan.folder / FIGURE, dpi=130)
    return text


def _rows(plan: Plan) -> dict[str, int]:
    material = plan.material
    names = ("train", "mixtures", "calibration", "test", "held_out")
    return {name: len(getattr(material, name)) for name in names}


def _note(plan: Plan) -> str:
    sizes, settings = _rows(plan), plan.settings
    return (
        f"{settings.network}, epochs: {settings.epochs}; {sizes['train']} pictures and {sizes['mixtures']} judged "
        f"mixtures to train on, {sizes['calibration']} pictures for the temperature, {sizes['test']} to test on, "
        f"{sizes['held_out']} mixtures judged by category"
    )
