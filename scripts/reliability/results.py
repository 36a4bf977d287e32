"""Results: one line of JSON per arm and seed, written atomically, so that a killed run can continue."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from hmix_hub.errors import HMixError, Where

FILE = "results.jsonl"


@dataclass(frozen=True)
class Result:
    """What one arm reached with one seed.

    Parameters
    ----------
    key
        16 hex digits that decide the metrics: of settings, material, the arm's labels and the seed.
    arm, seed
        Which.
    metrics
        By name; see `reliability.metrics.METRICS`.
    seconds
        Time of training and scoring, divided among the seeds that were trained at once.
    device
        Where: "cpu", or the accelerator's name.
    """

    key: str
    arm: str
    seed: int
    metrics: dict[str, float]
    seconds: float
    device: str


def read_results(folder: Path) -> dict[str, Result]:
    """Read the results that a folder holds, by key; the last line, if a killed run left it unfinished, is ignored.

    Raises
    ------
    HMixError
        If another line is none of a result.
    """
    path = folder / FILE
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(_whole_lines(path.read_bytes()).splitlines(), 1):
        try:
            result = Result(**json.loads(line))
        except (ValueError, TypeError) as error:
            msg = f"the line is not a result: {error}"
            raise HMixError(
                msg, where=Where(str(path), line=number), hint="remove the line, or name a new folder"
            ) from None
        found[result.key] = result
    return found


def append_results(folder: Path, results: Iterable[Result]) -> None:
    """Append results to the existing ones, and wait until they are on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    text = "".join(json.dumps(asdict(result)) + "\n" for result in results)
    with path.open("a+b") as stream:
        stream.seek(0)
        stream.truncate(len(_whole_lines(stream.read())))
        stream.seek(0, os.SEEK_END)
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]
