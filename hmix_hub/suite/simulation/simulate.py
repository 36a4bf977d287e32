"""Simulation: scripted participants take part in a study over HTTP, until every batch is full."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from hmix_hub.errors import CollectionError, ConfigurationError, Where
from hmix_hub.sources.picture_list import files_of
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.manifest import OWN_PICTURES
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.export.gathering import new_place
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.simulation.connection import Connection, running_server
from hmix_hub.suite.simulation.participant import Eyes, Part, ScriptedParticipant
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.study.reading import read_study_file, study_file_of
from hmix_hub.suite.tasks.perception import Mind, Perception

WORKERS = 8
"""Participants who take part at the same time."""
_WHIMS, _LEAVING = 1, 2
_OF_BOTS = Perception(bias=0.0, noise=0.45)
"""Bots answer almost at random."""
Progress = Callable[[int], object]


@dataclass
class Simulated:
    """The result of a simulation.

    Parameters
    ----------
    folder
        The new collection; `None` if participants used a server that was already running.
    parts
        The outcome of each participant, in the order of joining.
    is_full
        Whether the server had no place left at the end.
    """

    url: str
    folder: Path | None
    perception: Perception
    seed: int
    parts: list[Part] = field(default_factory=list)
    is_full: bool = False

    @property
    def finished(self) -> Counter[str]:
        """Number of participants who finished, by task."""
        return Counter(task for part in self.parts if part.code is not None for task in part.tasks)

    @property
    def bots(self) -> int:
        """Number of bots."""
        return sum(part.is_bot for part in self.parts)

    @property
    def left(self) -> int:
        """Number of participants who left before the end."""
        return sum(part.code is None for part in self.parts)

    @property
    def answers(self) -> int:
        """Number of answers that the server acknowledged."""
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
    bots: int = 0,
    workers: int = WORKERS,
    cifar10: str | os.PathLike[str] | None = None,
    progress: Progress = lambda _: None,
) -> Simulated:
    """Run scripted participants through a study.

    Parameters
    ----------
    folder
        Folder of the study file.
    target
        New collection to create; the study is copied into it, and it is marked as synthetic. It is served during the
        simulation.
    url
        Instead of `target`: address of a running server of the same study.
    people
        Maximum number of participants; `None`: until every batch is full.
    perception
        Model of the participants, with the planted bias; `None`: its defaults.
    seed
        Seed of the participants' biases and answers; the same seed gives the same answers to the same stimuli.
    dropouts
        Share of participants, 0 to 1, who leave in the middle for good; they keep their places until the time-out.
    bots
        How many of the first participants are bots, which report human response times but answer at once, almost at
        random.
    workers
        Number of concurrent participants. They join one after the other, which alone determines their batches.
    cifar10
        Where CIFAR-10 is; see `hmix_hub.render`.
    progress
        Called with the number of answers acknowledged since the last call.

    Raises
    ------
    ConfigurationError
        If an option is out of range, not exactly one of `target` and `url` is given, or the target already exists.
    CollectionError
        If the study cannot be served, or the server does not accept its own study's answers.
    """
    if (target is None) == (url is None):
        msg = "participants use either a new collection or a running server"
        raise ConfigurationError(msg, hint="name a new folder, or the server's address with --url")
    if not 0 <= dropouts <= 1 or workers < 1 or min(seed, bots) < 0 or (people is not None and people < 1):
        msg = "dropouts must be from 0 to 1, workers and people at least 1, the seed and bots at least 0"
        raise ConfigurationError(msg)
    root = Path(os.path.expanduser(folder)).absolute()
    frozen, image_set = draw_design(root, read_study_file(root, allow_placeholders=True), cifar10)
    made = None if target is None else copy_study(root, frozen, target)
    links = _links(made, frozen, people) if made and frozen.study.recruiting.links == "required" else None
    with _server(made, url) as address:
        done = Simulated(address, made, perception or Perception(), seed)
        crowd = _Crowd(done, frozen, Eyes(frozen, image_set), bots, dropouts, links)
        _take_part(crowd, people=people, workers=workers, progress=progress)
    return done


def _links(made: Path, frozen: FrozenStudy, people: int | None) -> list[str]:
    """Issue personal links in a new collection, one for each place."""
    tasks = len(frozen.study.sitting.tasks) if frozen.study.sitting else 1
    places = sum(batch.quota for batch in frozen.batches) // tasks
    with folder_lock(made):
        store, _ = begin_collection(made, trial_run=True)
        with store:
            numbers = store.issue_links(min(places, people or places)).result()
            return [store.key.link(number) for number in numbers]


@contextmanager
def _server(made: Path | None, url: str | None) -> Iterator[str]:
    if made is None:
        _check_synthetic(str(url))
        yield str(url)
        return
    with ExitStack() as stack:
        try:
            address = stack.enter_context(running_server(made))
        except BaseException:
            # Nobody took part, so remove it: the same call works once the problem is fixed.
            shutil.rmtree(made, ignore_errors=True)
            raise
        yield address


def _check_synthetic(url: str) -> None:
    """Check that a server does not collect real answers, with which scripted ones would be mixed."""
    with closing(Connection(url)) as connection:
        _, study = connection.call("GET", "/api/study")
    if not study["trial_run"]:
        msg = "this server collects real answers, with which simulated ones would be mixed"
        hint = "serve a separate collection with --trial-run, or name a new folder instead of --url"
        raise CollectionError(msg, where=Where(url), hint=hint)


def copy_study(root: Path, frozen: FrozenStudy, target: str | os.PathLike[str]) -> Path:
    """Copy the files of a study into a new folder: the study file, lists of pairs, own pictures.

    Raises
    ------
    ConfigurationError
        If the folder already exists.
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


@dataclass(frozen=True)
class _Crowd:
    """The simulated participants, by number."""

    done: Simulated
    frozen: FrozenStudy
    eyes: Eyes
    bots: int
    dropouts: float
    links: list[str] | None

    def participant(self, number: int, connection: Connection) -> ScriptedParticipant:
        """Return the participant with a number, always the same one."""
        seed, is_bot = self.done.seed, number < self.bots
        perception = self.done.perception if not is_bot else _OF_BOTS
        return ScriptedParticipant(
            connection,
            self.frozen,
            self.eyes,
            Mind(perception, seed, number),
            leaves_after=partial(self._leaves_after, number),
            rng=np.random.default_rng((seed, number, _WHIMS)),
            link=None if self.links is None else self.links[number],
            is_bot=is_bot,
        )

    def _leaves_after(self, number: int, trials: int) -> int | None:
        rng = np.random.default_rng((self.done.seed, number, _LEAVING))
        is_leaving = number >= self.bots and rng.random() < self.dropouts
        return int(rng.integers(0, trials)) if is_leaving else None


def _take_part(crowd: _Crowd, *, people: int | None, workers: int, progress: Progress) -> None:
    """Run participants who join one after the other and take part at the same time, at most `workers` of them."""
    counting, stopped, free = threading.Lock(), threading.Event(), threading.Semaphore(workers)
    done, parts = crowd.done, list[Future[Part]]()

    def answered() -> None:
        with counting:
            progress(1)

    def whole(participant: ScriptedParticipant, connection: Connection) -> Part:
        with closing(connection):
            return participant.take_part(answered)

    def let_in(pool: ThreadPoolExecutor) -> None:
        while people is None or len(parts) < people:
            if crowd.links is not None and len(parts) == len(crowd.links):
                done.is_full = True
                return
            free.acquire()
            if any(part.done() and part.exception() is not None for part in parts):
                return
            connection = Connection(done.url, stopped=stopped)
            participant = crowd.participant(len(parts), connection)
            if not participant.join():
                connection.close()
                done.is_full = True
                return
            parts.append(pool.submit(whole, participant, connection))
            parts[-1].add_done_callback(lambda _: free.release())

    with ThreadPoolExecutor(workers) as pool:
        try:
            let_in(pool)
            done.parts = [part.result() for part in parts]
        except BaseException:
            # Participants who are still answering would wait for a server that is being stopped.
            stopped.set()
            raise
