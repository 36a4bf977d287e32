"""A list of pairs as a design: checked against the pictures, in the release's order, perhaps with its batches."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hmix_hub.suite.design.dealing import pair_of
from hmix_hub.suite.design.pair_file import BATCH, COEFFICIENT, ListedPair, read_pair_file
from hmix_hub.suite.design.pictures import Labels
from hmix_hub.suite.study.model import TaskDesign
from hmix_hub.suite.study.reading import Findings
from hmix_hub.suite.study.rules import Problem
from hmix_hub.suite.tasks.trial import Stimulus
from hmix_hub.tasks import TASKS


@dataclass(frozen=True)
class Listed:
    """A list of pairs that holds what its task needs.

    Parameters
    ----------
    stimuli
        Its rows, in order; of each pair the class that comes first in the alphabet is first.
    has_coefficients
        Whether it says which mixtures are shown.
    batches
        The batches that it lists; `None`: they are to be dealt.
    """

    stimuli: list[Stimulus]
    has_coefficients: bool
    batches: list[list[Stimulus]] | None


def read_listed(
    folder: Path, task: str, design: TaskDesign, labels: Labels, *, findings: Findings, problems: list[Problem]
) -> Listed:
    """Read the list of pairs of a task.

    A row whose first picture is not of the class that comes first in the alphabet is turned round, its coefficient
    with it: 0.9 of a frog with a dog is 0.1 of the dog with the frog, the same picture.

    Parameters
    ----------
    folder
        The collection folder.
    task, design
        The task, and what the study file says of it; it names the list.
    labels
        Classes of the pictures.
    findings
        Gets what is wrong with rows of the list.
    problems
        Gets what is wrong with keys of the study file, by their path within the task.

    Raises
    ------
    StudyFileError
        If it is no list of pairs at all.
    """
    name = design.pairs.file or ""
    rows = read_pair_file(folder, name, findings)
    has_coefficients, has_batches = (
        any(getattr(row, field) is not None for row in rows) for field in ("coefficient", "batch")
    )
    _check_keys(task, design, problems, has_coefficients=has_coefficients, has_batches=has_batches)
    if has_coefficients and TASKS[task].shows == "pair":
        findings.add(name, 1, f"{task} shows all eleven mixtures of a pair; leave the column {COEFFICIENT} out")
    stimuli: list[Stimulus] = []
    first_line: dict[tuple[int | None, Stimulus], int] = {}
    kept: list[ListedPair] = []
    for row in rows:
        fault = labels.fault_of(*row.indices) or _disagreement(row, labels)
        if fault:
            findings.add(name, row.line, fault)
            continue
        stimulus = _stimulus(row, labels)
        before = first_line.setdefault((row.batch, stimulus), row.line)
        if before != row.line:
            place = f" in batch {row.batch}" if has_batches else ""
            what = "this mixture" if has_coefficients else "this pair"
            findings.add(name, row.line, f"{what} stands{place} already, in line {before}")
        stimuli.append(stimulus)
        kept.append(row)
    batches = _batches(design, kept, stimuli, findings=findings, problems=problems) if has_batches else None
    if not has_batches:
        _check_mixtures(design, stimuli, problems)
    return Listed(stimuli, has_coefficients, batches)


def _check_keys(
    task: str, design: TaskDesign, problems: list[Problem], *, has_coefficients: bool, has_batches: bool
) -> None:
    if TASKS[task].shows == "pair":
        return
    if has_coefficients and design.coefficients:
        problems.append((("coefficients",), f"the list has a column {COEFFICIENT}; leave out one of the two"))
    if has_coefficients and design.pairs.coefficients_per_pair > 1:
        said = f"the list has a column {COEFFICIENT}, which says how many mixtures of a pair there are; leave this out"
        problems.append((("pairs", "coefficients_per_pair"), said))
    if not has_coefficients and not design.coefficients:
        said = f"{task} shows one mixture of a pair: say which here, or in a column {COEFFICIENT} of the list"
        problems.append((("coefficients",), said))
    if has_batches and not has_coefficients:
        said = f"a list that has a column {BATCH} needs a column {COEFFICIENT}, too, in {task}"
        problems.append((("pairs", "file"), said))


def _disagreement(row: ListedPair, labels: Labels) -> str | None:
    for index, said in zip(row.indices, row.labels or (), strict=False):
        if said.lower() != labels.name_of(index).lower():
            return f"picture {index} is of the class {labels.name_of(index)}, not {said!r}"
    return None


def _stimulus(row: ListedPair, labels: Labels) -> Stimulus:
    (first, second), coefficient = row.indices, row.coefficient
    if not labels.in_order(first, second):
        first, second = second, first
        # Ten digits: one minus a tenth is a tenth again.
        coefficient = None if coefficient is None else round(1 - coefficient, 10)
    return Stimulus(first, second, int(labels.codes[first]), int(labels.codes[second]), coefficient)


def _batches(
    design: TaskDesign,
    rows: list[ListedPair],
    stimuli: list[Stimulus],
    *,
    findings: Findings,
    problems: list[Problem],
) -> list[list[Stimulus]]:
    name = design.pairs.file or ""
    by_number: dict[int, list[Stimulus]] = {}
    lines: dict[int, int] = {}
    for row, stimulus in zip(rows, stimuli, strict=True):
        number = row.batch or 0
        by_number.setdefault(number, []).append(stimulus)
        lines.setdefault(number, row.line)
    for place, number in enumerate(sorted(by_number)):
        size = len(by_number[number])
        if place != number:
            findings.add(name, lines[number], f"batches are numbered from 0 without a gap; there is no batch {place}")
            break
        if size > design.batch_size:
            said = f"batch {number} has {size} stimuli, more than batch_size says, {design.batch_size}"
            findings.add(name, lines[number], said)
        for position, repeat in enumerate(design.repeats):
            if size < repeat <= design.batch_size:
                problems.append((("repeats", position), f"batch {number} has no place {repeat}, only {size} stimuli"))
    if by_number and max(map(len, by_number.values())) < design.batch_size:
        largest = max(map(len, by_number.values()))
        problems.append((("batch_size",), f"no batch of the list has so many; the largest has {largest}"))
    if design.batches not in {None, len(by_number)}:
        problems.append((("batches",), f"the list has {len(by_number)} batches, not {design.batches}"))
    return [by_number[number] for number in sorted(by_number)]


def _check_mixtures(design: TaskDesign, stimuli: list[Stimulus], problems: list[Problem]) -> None:
    """Tell where a pair has more mixtures than there are batches, none of which holds a pair twice."""
    if not stimuli:
        return
    pair, most = Counter(map(pair_of, stimuli)).most_common(1)[0]
    batches = design.batches or len(stimuli) // design.batch_size
    if most > max(batches, 1):
        said = f"the {most} mixtures of the pictures {pair[0]} and {pair[1]} go to batches of their own, and there is "
        problems.append((("pairs", "file"), f"{said}room for {batches}; or list the batches in a column {BATCH}"))
