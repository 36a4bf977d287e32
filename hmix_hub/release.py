"""The release, or another source of its files: verification by hashes and recomputation, and counts."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import datasets

from hmix_hub.builders.readers import read_judgments, read_table
from hmix_hub.errors import SourceError, SourceMissingError
from hmix_hub.loading.road import load_dataset
from hmix_hub.schema import CIFAR10
from hmix_hub.schema.released import PICTURE_SUFFIX
from hmix_hub.sources import JUDGMENT_FILES, PROCESSED_FILES, Source, resolve_source
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.stimuli.fingerprints import FINGERPRINTS, all_pictures, fingerprint_of
from hmix_hub.stimuli.mixtures import check_endpoints
from hmix_hub.tasks import CATEGORICAL, INFER, RELEASED_CONFIGURATIONS, TASKS, flags_of

Place = str | os.PathLike[str] | None


@dataclass(frozen=True)
class FileCheck:
    """Result of checking a file; the problem is empty if it is as expected."""

    name: str
    problem: str = ""
    is_missing: bool = False


@dataclass(frozen=True)
class Recomputation:
    """Number of units of a processed file reproduced bit for bit, and the first few that differ."""

    name: str
    unit: str
    equal: int
    total: int
    differing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PictureCheck:
    """Whether the redrawn pictures of a task are those that people saw: packaged sha256, and that of the drawn ones."""

    task: str
    pictures: int
    expected: str
    found: str


@dataclass(frozen=True)
class Verification:
    """Findings of a verification of a source; without recomputations and pictures if a file is wrong."""

    source: str
    files: list[FileCheck]
    recomputations: list[Recomputation]
    pictures: list[PictureCheck] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether all files are correct and all values and pictures equal."""
        values_are_equal = all(part.equal == part.total for part in self.recomputations)
        pictures_are_equal = all(check.expected == check.found for check in self.pictures)
        return not any(check.problem for check in self.files) and values_are_equal and pictures_are_equal


def verify(
    source: str | os.PathLike[str] | None = None,
    *,
    images: bool = False,
    cifar10: str | os.PathLike[str] | None = None,
) -> Verification:
    """Check the files of a source, then recompute both processed files from the raw judgments.

    Parameters
    ----------
    source
        See `hmix_hub.load_dataset`.
    images
        Whether to also draw every picture of every task and compare them with the packaged sha256.
    cifar10
        See `hmix_hub.render`.

    Returns
    -------
    Verification
        All findings; a wrong file does not raise an error.

    Raises
    ------
    SourceError
        If the source is not valid, or its endpoint pictures are unavailable.
    """
    place = resolve_source(source)
    files = [_check_file(place, name) for name in place.study.files]
    if any(check.problem for check in files):
        return Verification(place.description, files, [])
    recomputations = [_recompute_inferences(place), _recompute_soft_labels(place)]
    return Verification(place.description, files, recomputations, _check_pictures(place, cifar10) if images else [])


def _check_pictures(source: Source, cifar10: str | os.PathLike[str] | None) -> list[PictureCheck]:
    name = source.study.image_set
    image_sets = {name: open_image_set(name, cifar10=cifar10)}
    checks = []
    for task, expected in FINGERPRINTS[source.study.study_id].items():
        table = read_judgments(source, task)
        check_endpoints(table, CIFAR10, image_sets)
        pictures = all_pictures(table, task, image_sets)
        checks.append(PictureCheck(task, len(pictures), expected, fingerprint_of(pictures)))
    return checks


def _check_file(source: Source, name: str) -> FileCheck:
    try:
        source.path(name)
    except SourceError as error:
        return FileCheck(name, error.message, is_missing=isinstance(error, SourceMissingError))
    return FileCheck(name)


def _read_processed(source: Source, task: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(source.path(PROCESSED_FILES[task]).read_text(encoding="utf-8"))
    return content


def _recompute_inferences(source: Source) -> Recomputation:
    processed = _read_processed(source, INFER)
    rows = read_table(source, RELEASED_CONFIGURATIONS[f"{INFER}_by_stimulus"]).to_pylist()
    computed = {row["stimulus_id"] + PICTURE_SUFFIX: _as_released(row) for row in rows}
    differing = [name for name in {**processed, **computed} if processed.get(name) != computed.get(name)]
    total = len({**processed, **computed})
    return Recomputation(PROCESSED_FILES[INFER], "stimuli", total - len(differing), total, differing[:3])


def _as_released(row: dict[str, Any]) -> dict[str, Any]:
    """Return a by-stimulus row's figures under the names in `processed_hmix_inferences.json`."""
    pair = row["pair_id"].split("_")
    return {
        "Std Dev": row["std_inferred_coefficient"],
        "Re-Label Diff": row["relabel_difference"],
        "True Mixing Factor": row["mixing_coefficient"],
        "Predicted Mixing Factor": row["inferred_coefficients"],
        "Weighted Re-Label": row["released_weighted_relabel"],
        "Weighted Re-Label Diff": row["mixing_coefficient"] - row["released_weighted_relabel"],
        "Predicted Confidence": row["confidences"],
        "Endpoints": [pair[0], pair[2]],
        "Class Pair": row["pair_id"] + PICTURE_SUFFIX,
    }


def _recompute_soft_labels(source: Source) -> Recomputation:
    """Compare the soft labels; the file lists participants in one order per batch, different from that of the rows."""
    processed = _read_processed(source, CATEGORICAL)
    batches: dict[str, list[dict[str, Any]]] = {}
    for row in read_judgments(source, CATEGORICAL).to_pylist():
        batches.setdefault(row["batch_id"], []).append(row)
    total = sum(map(len, processed.values()))
    equal, differing = 0, []
    for rows in batches.values():
        equal_here, differing_here = max(_compare_orders(rows, processed), key=lambda found: found[0])
        equal += equal_here
        differing += differing_here
    return Recomputation(PROCESSED_FILES[CATEGORICAL], "labels", equal, total, differing[:3])


def _compare_orders(rows: list[dict[str, Any]], processed: dict[str, Any]) -> Iterator[tuple[int, list[str]]]:
    """Return, for each order of a batch's participants, how many labels are equal at their positions."""
    participants = dict.fromkeys(row["participant_id"] for row in rows)
    for order in itertools.permutations(participants):
        computed: dict[str, list[list[float]]] = {}
        for participant in order:
            for row in rows:
                if row["participant_id"] == participant:
                    computed.setdefault(row["stimulus_id"] + PICTURE_SUFFIX, []).append(row["soft_label"])
        equal = {
            name: sum(ours == theirs for ours, theirs in zip(labels, processed.get(name, []), strict=False))
            for name, labels in computed.items()
        }
        yield sum(equal.values()), [name for name, labels in computed.items() if equal[name] < len(labels)]


def configuration_counts(source: Place = None) -> list[dict[str, Any]]:
    """Count the rows, repeats, participants and stimuli of each configuration.

    Parameters
    ----------
    source
        See `hmix_hub.load_dataset`.

    Returns
    -------
    list of dict
        One per configuration: configuration, rows, repeats (intended repeats; `None` by stimulus), participants (whose
        judgments it is made of), stimuli (pairs of pictures in the midpoint tasks).
    """
    counts = []
    for name, configuration in RELEASED_CONFIGURATIONS.items():
        dataset, judgments = _load(name, source), _load(configuration.task, source)
        counts.append(
            {
                "configuration": name,
                "rows": len(dataset),
                "repeats": None if configuration.by_stimulus else sum(judgments["is_repeat"]),
                "participants": len(judgments.unique("participant_id")),
                "stimuli": len(dataset.unique(TASKS[configuration.task].stimulus_column)),
            }
        )
    return counts


def count_participants(source: Place = None) -> int:
    """Count the participants over all tasks."""
    return len({name for task in JUDGMENT_FILES for name in _load(task, source).unique("participant_id")})


def flag_counts(source: Place = None) -> list[dict[str, Any]]:
    """Count the judgments that carry each flag, and the participants who gave them.

    Returns
    -------
    list of dict
        One per task and flag that its rows can have: task, flag, rows, participants.
    """
    counts = []
    for task in JUDGMENT_FILES:
        dataset = _load(task, source)
        flagged = list(zip(dataset["participant_id"], dataset["flags"], strict=True))
        for flag in flags_of(task):
            having = [participant for participant, flags in flagged if flag in flags]
            counts.append({"task": task, "flag": flag, "rows": len(having), "participants": len(set(having))})
    return counts


def _load(name: str, source: Place) -> datasets.Dataset:
    return load_dataset("h-mix", name, split="train", source=source)
