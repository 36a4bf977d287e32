"""Drawing of the design: from the study file to the batches of stimuli."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from hmix_hub.errors import StudyFileError
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.suite.design.dealing import choose, deal, give_coefficients
from hmix_hub.suite.design.design import Batch, FrozenStudy, uneven_places
from hmix_hub.suite.design.pair_file import Listed, hashes_of_lists, read_listed
from hmix_hub.suite.design.pictures import Labels, open_pictures, too_large
from hmix_hub.suite.design.sampler import TooFewPicturesError, draw_pairs, draw_single, stream
from hmix_hub.suite.study.model import NamedPictures, StudyFile, TaskDesign
from hmix_hub.suite.study.reading import COLLECTION, Findings, dotted, read_study_text
from hmix_hub.suite.study.task_rules import Problem, too_few
from hmix_hub.suite.tasks.trial import Stimulus
from hmix_hub.tasks import TASKS
from hmix_hub.yaml_file import KeyPath, YamlFile


def draw_design(
    folder: Path, study: StudyFile, cifar10: str | os.PathLike[str] | None = None
) -> tuple[FrozenStudy, ImageSet]:
    """Draw the design of a study, which depends only on the study file, lists of pairs and pictures.

    Tasks with the same settings under `pairs` get the same pairs, so that their answers can be compared. Pictures of
    worked examples and practice trials are not drawn.

    Parameters
    ----------
    folder
        The collection folder with lists of pairs and own pictures.
    cifar10
        Where CIFAR-10 is; see `hmix_hub.render`.

    Returns
    -------
    tuple
        The frozen study, and its pictures. Batches are numbered task by task, in the order of `hmix_hub.tasks.TASKS`.

    Raises
    ------
    StudyFileError
        If the design is impossible; all findings are reported at once, with their lines.
    SourceError
        If the pictures are not available, or are not the expected ones.
    """
    text = _text_of(folder)
    image_set, labels = open_pictures(folder, study, cifar10)
    drawer = _Drawer(folder, study, labels, Findings())
    batches: list[Batch] = []
    practice: dict[str, tuple[Stimulus, ...]] = {}
    for task in (task for task in TASKS if task in study.tasks):
        problems: list[Problem] = []
        design = study.tasks[task]
        _check_examples(design, labels, problems)
        practised = _practice(design, labels, problems)
        drawn = drawer.batches(task, design, problems)
        for path, said in problems:
            drawer.findings.add(
                COLLECTION, text.line_of(("tasks", task, *path)), f"tasks.{task}.{dotted(path)}: {said}"
            )
        batches += [
            Batch(len(batches) + condition, task, condition, design.people_per_batch, tuple(stimuli))
            for condition, stimuli in enumerate(drawn)
        ]
        if practised:
            practice[task] = practised
    if larger := too_large(study.pictures, image_set):
        drawer.findings.add(COLLECTION, text.line_of(("pictures", "size")), f"pictures.size: {larger}")
    if not drawer.findings.found and (uneven := uneven_places(study, batches)):
        drawer.findings.add(COLLECTION, text.line_of(("sitting", "tasks")), f"sitting.tasks: {uneven}")
    drawer.findings.refuse()
    lists = hashes_of_lists(folder, study)
    return FrozenStudy(study, tuple(batches), image_set.name, image_set.fingerprint, lists, practice), image_set


def _text_of(folder: Path) -> YamlFile:
    """Read the study file again for its line numbers; empty if there is no file."""
    try:
        return read_study_text(folder)
    except StudyFileError:
        return YamlFile({}, {(): 0}, "")


def _check_examples(design: TaskDesign, labels: Labels, problems: list[Problem]) -> None:
    for place, page in enumerate(design.instructions):
        for number, example in enumerate(page.examples):
            _check_named(example, labels, ("instructions", place, "examples", number), problems)


def _check_named(named: NamedPictures, labels: Labels, where: KeyPath, problems: list[Problem]) -> None:
    """Check the pictures that an example or a practice trial names."""
    first, second = named.image_1_index, named.image_2_index
    if fault := labels.fault_of_one(first) if second is None else labels.fault_of(first, second):
        key = "image_2_index" if labels.fault_of_one(first) is None else "image_1_index"
        problems.append(((*where, key), fault))


def _practice(design: TaskDesign, labels: Labels, problems: list[Problem]) -> tuple[Stimulus, ...]:
    """Return the stimuli of a task's practice trials; none if there are problems."""
    before = len(problems)
    for number, trial in enumerate(design.practice):
        _check_named(trial, labels, ("practice", number), problems)
    if len(problems) > before:
        return ()
    return tuple(
        labels.stimulus(trial.image_1_index, trial.image_2_index, trial.coefficient) for trial in design.practice
    )


@dataclass(frozen=True)
class _Drawer:
    """Draws the batches of tasks, and collects problems in their lists of pairs."""

    folder: Path
    study: StudyFile
    labels: Labels
    findings: Findings

    def batches(self, task: str, design: TaskDesign, problems: list[Problem]) -> list[list[Stimulus]]:
        """Draw the batches of a task; none if there are problems."""
        stimuli, mixtures, said = self._sampled(design, problems), design.pairs.coefficients_per_pair, ""
        if design.pairs.file is not None:
            listed = self._listed(task, design, problems)
            if listed is None or listed.batches is not None or problems:
                return [] if listed is None else listed.batches or []
            stimuli, mixtures = listed.stimuli, 1 if listed.has_coefficients else mixtures
            said = f"{design.pairs.file} with {len(stimuli)} rows"
        if not problems:
            said = said or f"{len(stimuli)} {'pictures' if design.pairs.per_class else 'pairs'}"
            problems += too_few(design, len(stimuli) * mixtures, said)
        if problems:
            return []
        number = design.batches or len(stimuli) * mixtures // design.batch_size
        rng = stream(self.study.seed, "batches", "" if TASKS[task].shows == "pair" else task)
        chosen = choose(stimuli, mixtures, number * design.batch_size, rng)
        if TASKS[task].shows != "pair" and stimuli[0].mixing_coefficient is None:
            chosen = give_coefficients(chosen, design.coefficients, rng)
        return deal(chosen, number, rng)

    def _shown_before(self) -> set[int]:
        """Return the pictures of worked examples and practice trials, which are not drawn."""
        tasks = self.study.tasks.values()
        named: list[NamedPictures] = [
            example for task in tasks for page in task.instructions for example in page.examples
        ]
        named += [trial for task in tasks for trial in task.practice]
        indices = {index for one in named for index in (one.image_1_index, one.image_2_index)}
        return {index for index in indices if index is not None and index < len(self.labels)}

    def _listed(self, task: str, design: TaskDesign, problems: list[Problem]) -> Listed | None:
        before = len(self.findings.found)
        try:
            listed = read_listed(self.folder, task, design, self.labels, findings=self.findings, problems=problems)
        except StudyFileError as error:
            self.findings.add(error.where.file or "", error.where.line or 0, error.message)
            return None
        return listed if len(self.findings.found) == before else None

    def _sampled(self, design: TaskDesign, problems: list[Problem]) -> list[Stimulus]:
        pairs = design.pairs
        if pairs.per_class_pair is None and pairs.per_class is None:
            return []
        if pairs.per_class_pair is not None and self.labels.sizes is not None:
            said = "the pictures have different sizes: list pairs of equal size in a file, `pairs: file:`"
            problems.append((("pairs", "per_class_pair"), said))
            return []
        names = pairs.classes or self.labels.vocabulary.names
        codes = sorted(self.labels.vocabulary.code(name) for name in names)
        of, number = ("pairs", pairs.per_class_pair) if pairs.per_class is None else ("pictures", pairs.per_class)
        rng = stream(self.study.seed, of, json.dumps([codes, number]))
        label, before = self.labels.codes.tolist(), self._shown_before()
        try:
            if pairs.per_class is not None:
                single = draw_single(self.labels, codes, pairs.per_class, rng, left_out=before)
                return [Stimulus(index, None, label[index], None, 1.0) for index in single]
            drawn = draw_pairs(self.labels, codes, number or 0, rng, left_out=before)
        except TooFewPicturesError as error:
            problems.append((("pairs", "per_class_pair" if pairs.per_class is None else "per_class"), str(error)))
            return []
        return [Stimulus(*pair, *(label[index] for index in pair)) for pair in drawn]
