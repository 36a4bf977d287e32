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
from hmix_hub.files import new_file
from hmix_hub.suite.export.participants import AboutPerson
from hmix_hub.suite.export.rows import Participant
from hmix_hub.suite.store.answers import legible
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.questionnaire import questions_of
from hmix_hub.suite.tasks import SUITE_TASKS

FINISHED = "finished"


@dataclass(frozen=True)
class Gathered:
    """The participants whose answers are exported, and counts of what is not.

    Parameters
    ----------
    participants
        By task, in the registry's order; tasks that nobody answered are left out.
    people
        What they said about themselves, and what surrounded their pictures; by id of the export.
    unfinished
        Participants with answers who have not finished: left out, unless they were asked for.
    excluded
        Participants who were excluded by those who run the study: left out in any case.
    quarantined, conflicts
        Answers of the exported participants that were kept aside: faulty ones, and second ones that differ from the
        first.
    """

    participants: dict[str, list[Participant]]
    people: dict[str, AboutPerson]
    unfinished: int
    excluded: int
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
        elapsed: dict[str, dict[int, int | None]] = defaultdict(dict)
        sessions = {session.id: session for session in store.sessions()}
        for answer in store.answers():
            payloads[answer.session_id][answer.trial_index] = answer.payload
            if (session := sessions.get(answer.session_id)) is not None:
                elapsed[answer.session_id][answer.trial_index] = session.elapsed_ms(answer)
        excluded = {session.sitting for session in sessions.values() if session.excluded is not None}
        answered = [
            session for session in sessions.values() if payloads.get(session.id) and session.sitting not in excluded
        ]
        taken = [session for session in answered if unfinished or session.state == FINISHED]
        participants: dict[str, list[Participant]] = defaultdict(list)
        for session in taken:
            name = store.key.participant(session.sitting)
            answers = payloads[session.id], session.is_late, session.amendment, elapsed[session.id]
            participants[session.task].append(Participant(name, session.plan, *answers))
        ids = {session.id for session in taken}
        aside = [record for record in store.aside() if record.session_id in ids]
        return Gathered(
            {task: participants[task] for task in SUITE_TASKS if task in participants},
            _people(store, sessions, {one.participant_id for task in participants.values() for one in task}),
            sum(session.state != FINISHED for session in answered),
            len(excluded),
            sum(record.fault is not None for record in aside),
            sum(record.fault is None for record in aside),
        )


def _people(store: Store, sessions: Mapping[str, SessionRecord], taken: set[str]) -> dict[str, AboutPerson]:
    people = {name: AboutPerson() for name in taken}
    names = {session.id: store.key.participant(session.sitting) for session in sessions.values()}
    for reply in store.replies():
        if (name := names.get(reply.session_id)) in people:
            people[name].replies[reply.page] = reply.answers
    for session_id, measured in store.surroundings().items():
        # Of several tasks in a sitting, what surrounded the first one's pictures.
        if (name := names.get(session_id)) in people and not people[name].surroundings:
            people[name].surroundings = measured
    return people


def write_comments(folder: Path, file: str | os.PathLike[str], *, unfinished: bool = False) -> int:
    """Write what the participants whose answers are exported wrote in their own words; return the number of texts.

    Parameters
    ----------
    file
        A new file, outside every study folder, since free text may identify its writer. JSON lines of participant_id,
        task, question (null: the comments) and text, sorted by participant.
    """

    def lines(store: Store, sessions: Mapping[str, SessionRecord]) -> Iterator[tuple[str, dict[str, Any]]]:
        written: list[tuple[str, str | None, str]] = [(of, None, text) for of, text in store.comments().items()]
        texts = {asked.name for _, asked in questions_of(store.frozen.questionnaire) if asked.kind == "text"}
        for reply in store.replies():
            given = {name: answer for name, answer in reply.answers.items() if name in texts and answer}
            written += [(reply.session_id, name, legible(answer)) for name, answer in given.items()]
        for session_id, question, text in written:
            session = sessions.get(session_id)
            if session and session.excluded is None and (unfinished or session.state == FINISHED):
                yield session_id, {"question": question, "text": text}

    return _write(folder, file, lines)


def write_aside(folder: Path, file: str | os.PathLike[str]) -> int:
    """Write what was kept aside, of all participants who are still in the collection; return its number.

    Parameters
    ----------
    file
        A new file. JSON lines of participant_id, task, kind ("trial", "quiz", "questions", "comments"), place (trial
        index, attempt, page), fault (null: a second answer that differs from the first) and sent, the text as it came;
        sorted by participant, kind and place.
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
            {"participant_id": store.key.participant(sessions[name].sitting), "task": sessions[name].task, **line}
            for name, line in lines_of(store, sessions)
            if name in sessions
        ]
    lines.sort(
        key=lambda line: (line["participant_id"], line.get("kind"), line.get("place"), line.get("question") or "")
    )
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    # For its owner alone. A browser may have sent half of a character.
    new_file(path, text.encode("utf-8", "backslashreplace"))
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
