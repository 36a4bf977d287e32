"""Gathering: whose answers are exported, what stays behind, and what is written to separate files.

Separate files are only written on request, and are never published with the study.
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
        By task, in the registry's order, without tasks that nobody answered.
    people
        Their answers to questions and their surroundings, by id in the export.
    unfinished
        Number of participants with answers who have not finished; left out unless requested.
    excluded
        Number of participants excluded by an operator; always left out.
    quarantined, conflicts
        Numbers of the exported participants' answers that were set aside: invalid ones, and second ones that differ
        from the first.
    """

    participants: dict[str, list[Participant]]
    people: dict[str, AboutPerson]
    unfinished: int
    excluded: int
    quarantined: int
    conflicts: int

    @property
    def late(self) -> int:
        """Number of participants who finished after their place had gone to another one."""
        return sum(one.is_late for participants in self.participants.values() for one in participants)


def gather(store: Store, *, unfinished: bool = False) -> Gathered:
    """Gather the participants whose answers are exported.

    Parameters
    ----------
    store
        The collection, which no longer contains participants who withdrew.
    unfinished
        Whether to include participants who have not finished.
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
        # In a sitting, the surroundings are those of the first task.
        if (name := names.get(session_id)) in people and not people[name].surroundings:
            people[name].surroundings = measured
    return people


def write_comments(folder: Path, file: str | os.PathLike[str], *, unfinished: bool = False) -> int:
    """Write the free texts of the participants whose answers are exported; return the number of texts.

    Parameters
    ----------
    file
        A new file, outside every study folder, because free text may identify its author. JSON lines with
        participant_id, task, question (null: the comments) and text, sorted by participant.
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
    """Write what was set aside, for all participants in the collection; return the number of entries.

    Parameters
    ----------
    file
        A new file. JSON lines with participant_id, task, kind ("trial", "quiz", "questions", "comments"), place (trial
        index, attempt, page), fault (null: a second answer that differs from the first) and sent, the text as received;
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
    # Readable only by its owner. Browsers may have sent lone surrogates.
    new_file(path, text.encode("utf-8", "backslashreplace"))
    return len(lines)


def new_place(target: str | os.PathLike[str]) -> Path:
    """Return the path of a new file or folder.

    Raises
    ------
    ConfigurationError
        If it already exists.
    """
    path = Path(os.path.expanduser(target)).absolute()
    if path.exists() or path.is_symlink():
        msg = "this already exists, and nothing is overwritten"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a new one, or remove the old one")
    return path


def check_beside(file: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Check that a file is new and outside the target folder of the export.

    Raises
    ------
    ConfigurationError
        If it is not.
    """
    path = new_place(file)
    if path.resolve().is_relative_to(Path(os.path.expanduser(target)).resolve()):
        msg = "this would be in the study folder and be published with it"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a file elsewhere")


def check_apart(comments: str | os.PathLike[str], aside: str | os.PathLike[str]) -> None:
    """Check that comments and what was set aside go to different files.

    Raises
    ------
    ConfigurationError
        If they do not.
    """
    one, other = (Path(os.path.expanduser(file)).absolute() for file in (comments, aside))
    if one.resolve() == other.resolve():
        msg = "comments and what was set aside would be written to the same file"
        raise ConfigurationError(msg, where=Where(str(one)), hint="name two files")
