"""Simulation: scripted people take part in a study over HTTP, until every batch has the people that it wants."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hmix_hub.errors import CollectionError, ConfigurationError, Where
from hmix_hub.sources.picture_folder import files_of
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.manifest import OWN_PICTURES
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.export.gathering import new_place
from hmix_hub.suite.simulation.connection import Connection, running_server
from hmix_hub.suite.simulation.participant import Eyes, Part, ScriptedParticipant
from hmix_hub.suite.study.reading import read_study_file, study_file_of
from hmix_hub.suite.tasks.perception import Mind, Perception

WORKERS = 8
"""People who take part at the same time."""
_WHIMS, _LEAVING = 1, 2
Progress = Callable[[int], object]


@dataclass
class Simulated:
    """What became of a simulation.

    Parameters
    ----------
    url
        Address of the server.
    folder
        The new collection; `None` where people took part in a server that ran already.
    perception
        The model that people answered by, and its planted bias.
    seed
        Seed of the simulation.
    parts
        What became of each person, in the order of joining.
    is_full
        Whether the server had no place left in the end.
    """

    url: str
    folder: Path | None
    perception: Perception
    seed: int
    parts: list[Part] = field(default_factory=list)
    is_full: bool = False

    @property
    def finished(self) -> Counter[str]:
        """People who finished, by task."""
        return Counter(part.task for part in self.parts if part.code is not None)

    @property
    def left(self) -> int:
        """People who left before the end."""
        return sum(part.code is None for part in self.parts)

    @property
    def answers(self) -> int:
        """Answers that the server acknowledged."""
        return sum(part.answers for part in self.parts)


def simulate(
    folder: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    url: str | None = None,
    people: int | None = None,
    perception: Perception | None = None,
    seed: int = 0,
    dropouts: float = 0.0,
    workers: int = WORKERS,
    cifar10: str | os.PathLike[str] | None = None,
    progress: Progress = lambda _: None,
) -> Simulated:
    """Let scripted people take part in a study.

    Parameters
    ----------
    folder
        Folder of the study file.
    target
        Collection to make, one that is not there yet; the study is copied into it, and it is marked as synthetic. It is
        served while people take part.
    url
        Instead of `target`: address of a server of the same study that runs already.
    people
        How many join at the most; `None`: until every batch is full.
    perception
        Model of the people, with the planted bias; `None`: its defaults.
    seed
        Decides people's biases and answers; the same seed gives the same answers to the same stimuli.
    dropouts
        Share of people, 0 to 1, who leave in the middle for good; their places are theirs until the time-out.
    workers
        People at the same time. They join one after the other, so that who gets which batch depends on nothing else.
    cifar10
        Where CIFAR-10 lies; see `hmix_hub.render`.
    progress
        Called with the number of answers that were acknowledged since the last call.

    Raises
    ------
    ConfigurationError
        If an option is out of its range, it is not said where people take part, or the target is there already.
    CollectionError
        If the study cannot be served, or the server does not take its own study's answers.
    """
    if (target is None) == (url is None):
        msg = "people take part either in a new collection or in a server that runs already"
        raise ConfigurationError(msg, hint="name a new folder, or the server's address with --url")
    if not 0 <= dropouts <= 1 or workers < 1 or seed < 0 or (people is not None and people < 1):
        msg = "dropouts are a share from 0 to 1, workers and people 1 or more, the seed 0 or more"
        raise ConfigurationError(msg)
    root = Path(os.path.expanduser(folder)).absolute()
    frozen, image_set = draw_design(root, read_study_file(root, allow_placeholders=True), cifar10)
    made = None if target is None else copy_study(root, frozen, target)
    with _server(made, url) as address:
        done = Simulated(address, made, perception or Perception(), seed)
        crowd = _Crowd(done, frozen, Eyes(frozen, image_set), dropouts, progress)
        crowd.take_part(people, workers)
    return done


@contextmanager
def _server(made: Path | None, url: str | None) -> Iterator[str]:
    if made is None:
        _check_no_people(str(url))
        yield str(url)
        return
    with ExitStack() as stack:
        try:
            address = stack.enter_context(running_server(made))
        except BaseException:
            # Nobody took part: the same call works once it is fixed.
            shutil.rmtree(made, ignore_errors=True)
            raise
        yield address


def _check_no_people(url: str) -> None:
    """Check that a server collects no answers of people, which scripted ones would be mixed with.

    Raises
    ------
    CollectionError
        If it does.
    """
    connection = Connection(url)
    try:
        _, study = connection.call("GET", "/api/study")
    finally:
        connection.close()
    if not study["trial_run"]:
        msg = "this server collects answers of people, and scripted ones would stand among them"
        hint = "serve a collection of its own with --trial-run, or name a new folder instead of --url"
        raise CollectionError(msg, where=Where(url), hint=hint)


def copy_study(root: Path, frozen: FrozenStudy, target: str | os.PathLike[str]) -> Path:
    """Copy what a study is made of into a new folder: the study file, lists of pairs, own pictures.

    Raises
    ------
    ConfigurationError
        If the folder is there already.
    """
    place = new_place(target)
    study = frozen.study
    names = [study_file_of(root).name, *(task.pairs.file for task in study.tasks.values() if task.pairs.file)]
    if study.pictures.source == OWN_PICTURES:
        names += [f"{STIMULI}/{name}" for name in files_of(root / STIMULI)]
    for name in dict.fromkeys(names):
        copy = place / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, copy)
    return place


class _Crowd:
    """People who take part at the same time."""

    def __init__(self, done: Simulated, frozen: FrozenStudy, eyes: Eyes, dropouts: float, progress: Progress) -> None:
        self._done, self._frozen, self._eyes = done, frozen, eyes
        self._dropouts, self._progress = dropouts, progress
        self._counting, self._stopped = threading.Lock(), threading.Event()

    def take_part(self, people: int | None, workers: int) -> None:
        """Let people join one after the other, and take part at the same time, `workers` at the most."""
        parts: list[Future[Part]] = []
        with ThreadPoolExecutor(workers) as pool:
            try:
                self._let_in(people, workers, pool, parts)
                self._done.parts = [part.result() for part in parts]
            except BaseException:
                # Whoever is in the middle would wait for a server that is being stopped.
                self._stopped.set()
                raise

    def _let_in(self, people: int | None, workers: int, pool: ThreadPoolExecutor, parts: list[Future[Part]]) -> None:
        free = threading.Semaphore(workers)
        while people is None or len(parts) < people:
            free.acquire()
            if any(part.done() and part.exception() is not None for part in parts):
                return
            person, connection = self._person(len(parts))
            if not person.join():
                connection.close()
                self._done.is_full = True
                return
            part = pool.submit(self._whole, person, connection)
            part.add_done_callback(lambda _: free.release())
            parts.append(part)

    def _person(self, number: int) -> tuple[ScriptedParticipant, Connection]:
        done = self._done
        connection = Connection(done.url, stopped=self._stopped)
        person = ScriptedParticipant(
            connection,
            self._frozen,
            self._eyes,
            Mind(done.perception, done.seed, number),
            leaves_after=lambda trials: self._leaves_after(number, trials),
            rng=np.random.default_rng((done.seed, number, _WHIMS)),
        )
        return person, connection

    def _leaves_after(self, number: int, trials: int) -> int | None:
        rng = np.random.default_rng((self._done.seed, number, _LEAVING))
        return int(rng.integers(0, trials)) if rng.random() < self._dropouts else None

    def _whole(self, person: ScriptedParticipant, connection: Connection) -> Part:
        try:
            return person.take_part(self._told)
        finally:
            connection.close()

    def _told(self) -> None:
        with self._counting:
            self._progress(1)
