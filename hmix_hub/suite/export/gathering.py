"""Gathering: whose answers leave a collection, what stays behind, and what is written beside the study.

What lies beside is asked for expressly, in files of its own that are never published with the study.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.files import replace_file
from hmix_hub.suite.export.rows import Participant
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.tasks import SUITE_TASKS

FINISHED = "finished"


@dataclass(frozen=True)
class Gathered:
    """The participants whose answers are exported, and counts of what is not.

    Parameters
    ----------
    participants
        By task, in the registry's order; tasks that nobody answered are left out.
    unfinished
        Participants with answers who have not finished: left out, unless they were asked for.
    quarantined, conflicts
        Answers of the exported participants that were kept aside: faulty ones, and second ones that differ from the
        first.
    """

    participants: dict[str, list[Participant]]
    unfinished: int
    quarantined: int
    conflicts: int

    @property
    def late(self) -> int:
        """How many finished after their place had been given to somebody else."""
        return sum(one.is_late for participants in self.participants.values() for one in participants)


def gather(store: Store, *, unfinished: bool = False) -> Gathered:
    """Gather the participants whose answers are exported.

    Parameters
    ----------
    store
        The collection. Who withdrew is not in it any more.
    unfinished
        Whether participants who have not finished are taken, too.
    """
    # Participants may be answering meanwhile.
    with store.snapshot():
        payloads: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
        for answer in store.answers():
            payloads[answer.session_id][answer.trial_index] = answer.payload
        answered = [session for session in store.sessions() if payloads.get(session.id)]
        taken = [session for session in answered if unfinished or session.state == FINISHED]
        participants: dict[str, list[Participant]] = defaultdict(list)
        for session in taken:
            name = store.key.participant(session.id)
            participants[session.task].append(Participant(name, session.plan, payloads[session.id], session.is_late))
        ids = {session.id for session in taken}
        aside = [record for record in store.aside() if record.session_id in ids]
        return Gathered(
            {task: participants[task] for task in SUITE_TASKS if task in participants},
            sum(session.state != FINISHED for session in answered),
            sum(record.fault is not None for record in aside),
            sum(record.fault is None for record in aside),
        )


def write_comments(folder: Path, file: str | os.PathLike[str], *, unfinished: bool = False) -> int:
    """Write the comments of the participants whose answers are exported; return their number.

    Parameters
    ----------
    file
        A new file, outside every study folder, since free text may identify its writer. JSON lines of participant_id,
        task and text, sorted by participant.
    """

    def lines(store: Store, sessions: Mapping[str, SessionRecord]) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, text in store.comments().items():
            if name in sessions and (unfinished or sessions[name].state == FINISHED):
                yield name, {"text": text}

    return _write(folder, file, lines)


def write_aside(folder: Path, file: str | os.PathLike[str]) -> int:
    """Write what was kept aside, of all participants who are still in the collection; return its number.

    Parameters
    ----------
    file
        A new file. JSON lines of participant_id, task, kind ("trial", "quiz", "comments"), place (trial index,
        attempt), fault (null: a second answer that differs from the first) and sent, the text as it came; sorted by
        participant, kind and place.
    """

    def lines(store: Store, _sessions: Mapping[str, SessionRecord]) -> Iterator[tuple[str, dict[str, Any]]]:
        for record in store.aside():
            line = {"kind": record.kind, "place": record.place, "fault": record.fault, "sent": record.payload}
            yield record.session_id, line

    return _write(folder, file, lines)


_Lines = Callable[[Store, Mapping[str, SessionRecord]], Iterator[tuple[str, dict[str, Any]]]]


def _write(folder: Path, file: str | os.PathLike[str], lines_of: _Lines) -> int:
    path = new_place(file)
    with Store.open(folder, read_only=True) as store:
        sessions = {session.id: session for session in store.sessions()}
        lines = [
            {"participant_id": store.key.participant(name), "task": sessions[name].task, **line}
            for name, line in lines_of(store, sessions)
            if name in sessions
        ]
    lines.sort(key=lambda line: (line["participant_id"], line.get("kind"), line.get("place")))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    # A browser may have sent half of a character.
    replace_file(path, text.encode("utf-8", "backslashreplace"))
    return len(lines)


def new_place(target: str | os.PathLike[str]) -> Path:
    """Return the path of a file or folder that is to be written.

    Raises
    ------
    ConfigurationError
        If something is there already.
    """
    path = Path(os.path.expanduser(target)).absolute()
    if path.exists() or path.is_symlink():
        msg = "this is there already, and nothing is written over"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a new one, or take the old one away")
    return path


def check_beside(file: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Check that a file is new, and lies outside the folder that is exported to.

    Raises
    ------
    ConfigurationError
        If it does not.
    """
    path = new_place(file)
    if path.resolve().is_relative_to(Path(os.path.expanduser(target)).resolve()):
        msg = "this would lie in the study folder, and be published with it"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a file elsewhere")


def check_apart(comments: str | os.PathLike[str], aside: str | os.PathLike[str]) -> None:
    """Check that comments and what was kept aside go to files of their own.

    Raises
    ------
    ConfigurationError
        If they are one file.
    """
    one, other = (Path(os.path.expanduser(file)).absolute() for file in (comments, aside))
    if one.resolve() == other.resolve():
        msg = "comments and what was kept aside would be written into one file"
        raise ConfigurationError(msg, where=Where(str(one)), hint="name two files")
