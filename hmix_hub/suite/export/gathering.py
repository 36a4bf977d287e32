"""Gathering: whose answers leave a collection, and what stays behind."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmix_hub.suite.export.rows import Person
from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    from hmix_hub.suite.store.records import SessionRecord
    from hmix_hub.suite.store.store import Store

FINISHED = "finished"


@dataclass(frozen=True)
class Gathered:
    """The people whose answers are exported, and counts of what is not.

    Parameters
    ----------
    people
        By task, in the schema's order; tasks that nobody answered are left out.
    unfinished
        People with answers who have not finished: left out, unless they were asked for.
    quarantined, conflicts
        Answers of the exported people that were kept aside: faulty ones, and second ones that differ from the first.
    """

    people: dict[str, list[Person]]
    unfinished: int
    quarantined: int
    conflicts: int

    @property
    def late(self) -> int:
        """How many finished after their place had been given to somebody else."""
        return sum(person.is_late for people in self.people.values() for person in people)


def gather(store: Store, *, unfinished: bool = False) -> Gathered:
    """Gather the people whose answers are exported.

    Parameters
    ----------
    store
        The collection. Who withdrew is not in it any more.
    unfinished
        Whether people who have not finished are taken, too.
    """
    # People may be answering meanwhile.
    with store.snapshot():
        return _gathered(store, unfinished=unfinished)


def _gathered(store: Store, *, unfinished: bool) -> Gathered:
    payloads: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for answer in store.answers():
        payloads[answer.session_id][answer.trial_index] = answer.payload
    answered = [session for session in store.sessions() if payloads.get(session.id)]
    taken = [session for session in answered if unfinished or session.state == FINISHED]
    people: dict[str, list[Person]] = defaultdict(list)
    for session in taken:
        name = store.key.participant(session.id)
        people[session.task].append(Person(name, session.plan, payloads[session.id], session.is_late))
    aside = [record for record in store.aside() if record.session_id in {session.id for session in taken}]
    return Gathered(
        {task: people[task] for task in TASKS if task in people},
        sum(session.state != FINISHED for session in answered),
        sum(record.fault is not None for record in aside),
        sum(record.fault is None for record in aside),
    )


def set_aside(store: Store) -> list[dict[str, Any]]:
    """Give what was kept aside, of all people who are still in the collection: JSON lines, sorted by participant.

    Returns
    -------
    list of dict
        participant_id, task, kind ("trial", "quiz", "comments"), place (trial index, attempt), fault (`None`: a second
        answer that differs from the first), sent: the text as it came.
    """
    sessions = _by_id(store)
    lines = [
        {
            "participant_id": store.key.participant(record.session_id),
            "task": sessions[record.session_id].task,
            "kind": record.kind,
            "place": record.place,
            "fault": record.fault,
            "sent": record.payload,
        }
        for record in store.aside()
        if record.session_id in sessions
    ]
    return sorted(lines, key=lambda line: (line["participant_id"], line["kind"], line["place"]))


def comments(store: Store, *, unfinished: bool = False) -> list[dict[str, str]]:
    """Give the comments of people whose answers are exported: participant_id, task, text; sorted by participant."""
    sessions = _by_id(store)
    lines = [
        {"participant_id": store.key.participant(name), "task": sessions[name].task, "text": text}
        for name, text in store.comments().items()
        if name in sessions and (unfinished or sessions[name].state == FINISHED)
    ]
    return sorted(lines, key=lambda line: line["participant_id"])


def _by_id(store: Store) -> dict[str, SessionRecord]:
    return {session.id: session for session in store.sessions()}
