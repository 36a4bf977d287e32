"""Operators' actions, by name: each validates its fields and runs on an open store.

The command line and the dashboard refer to an action by its name and fields; to add one, write a class here.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hmix_hub.errors import CollectionError
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.store.news import LONGEST_MESSAGE
from hmix_hub.suite.store.progress import find_code
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.amending import Holds, changes, refused
from hmix_hub.suite.study.reading import (
    COLLECTION,
    Findings,
    dotted,
    read_allowed,
    read_study_file,
    read_study_text,
)

Told = dict[str, Any]
"""JSON result of an action."""
MOST_IDS = 1000
"""Maximum number of recruiting ids for which links are issued at once."""
LONGEST_REASON = 200
"""Maximum length of the reason for an exclusion."""


class Action(BaseModel):
    """An action on a collection; the fields are its parameters."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: ClassVar[str]

    @abstractmethod
    def carry_out(self, store: Store) -> Told:
        """Carry out the action and return its result.

        Parameters
        ----------
        store
            The collection, open for writing in this process.

        Raises
        ------
        CollectionError
            If it cannot be done; then nothing was changed.
        """


class Close(Action):
    """Close the study to new participants, or reopen it; participants who have started can finish."""

    name = "close"
    reopen: bool = False

    def carry_out(self, store: Store) -> Told:
        """Return whether it was closed before, whether it is now, and how many participants are in progress."""
        was_closed = store.is_closed()
        if was_closed == self.reopen:
            store.set_closed(not self.reopen)
        live = sum(count.live + count.provisional for count in store.counts()) // store.frozen.tasks_each
        return {"was_closed": was_closed, "is_closed": not self.reopen, "live": live}


class Pause(Action):
    """Pause or resume the study. While it is paused, nobody can start and no trial is shown, but answers are stored."""

    name = "pause"
    resume: bool = False

    def carry_out(self, store: Store) -> Told:
        """Return whether it was paused before, and whether it is now."""
        was_paused = store.news.is_paused
        store.set_news(replace(store.news, is_paused=not self.resume))
        return {"was_paused": was_paused, "is_paused": not self.resume}


class Message(Action):
    """Show all participants a message above every page; an empty text or `None` removes it."""

    name = "message"
    text: str | None

    def carry_out(self, store: Store) -> Told:
        """Return the message that is now shown."""
        text = (self.text or "").strip()
        if len(text) > LONGEST_MESSAGE or not text.isprintable():
            msg = f"a message is one line of at most {LONGEST_MESSAGE} characters"
            raise CollectionError(msg, hint="shorten it; it is shown above every page")
        store.set_news(replace(store.news, message=text or None))
        return {"message": text or None}


class Links(Action):
    """Issue personal links, each of which reserves a place; or revoke those that have not been opened."""

    name = "links"
    count: Annotated[int, Field(ge=0, le=100_000)] = 0
    recruiting_ids: list[str] = Field(default=[], max_length=MOST_IDS)
    revoke: bool = False

    def carry_out(self, store: Store) -> Told:
        """Return the links, those for the ids first, in their order; and how many were revoked."""
        if store.frozen.study.recruiting.links == "off":
            msg = "the study does not accept personal links: recruiting.links is off"
            hint = "set it to optional or required in collection.yaml, then `hmix collect amend`"
            raise CollectionError(msg, hint=hint)
        revoked = store.revoke_links().result() if self.revoke else 0
        numbers = store.issue_links(self.count, self.recruiting_ids).result()
        return {"revoked": revoked, "links": [{"number": n, "link": store.key.link(n)} for n in numbers]}


class OnParticipant(Action):
    """An action on one participant, who is named in exactly one way.

    Parameters
    ----------
    recruiting_id
        Id of the recruiting platform.
    code
        Completion or fallback code.
    participant_id
        Id in exports.
    named
        Any of these.
    """

    recruiting_id: str | None = None
    code: str | None = None
    participant_id: str | None = None
    named: str | None = None

    def find(self, store: Store) -> SessionRecord:
        """Return the participant's session.

        Raises
        ------
        CollectionError
            If no participant has this id or code, or not exactly one of the fields is given.
        """
        if [self.recruiting_id, self.code, self.participant_id, self.named].count(None) != 3:
            msg = "name the participant by exactly one of recruiting_id, code, participant_id, named"
            raise CollectionError(msg)
        ways = (
            (_of_participant_id, self.participant_id or self.named),
            (_of_code, self.code or self.named),
            (Store.session_of_participant, self.recruiting_id or self.named),
        )
        found = (way(store, name) for way, name in ways if name)
        session = next((session for session in found if session is not None), None)
        if session is None:
            msg = "no participant has this id or code"
            hint = (
                "a study-wide completion code identifies nobody; data of participants who withdrew are already deleted"
            )
            raise CollectionError(msg, hint=hint)
        return session


def _of_participant_id(store: Store, participant_id: str) -> SessionRecord | None:
    return next((one for one in store.sessions() if store.key.participant(one.sitting) == participant_id), None)


def _of_code(store: Store, code: str) -> SessionRecord | None:
    owner = find_code(store, code)
    return None if owner is None else owner.session


class Exclude(OnParticipant):
    """Exclude a participant for a reason, or include them again; answers are kept but not exported, the place is freed.

    Parameters
    ----------
    reason
        A few words, kept only in the store; `None` includes the participant again.
    """

    name = "exclude"
    reason: str | None

    def carry_out(self, store: Store) -> Told:
        """Return the session as it was."""
        reason = None if self.reason is None else self.reason.strip()
        if reason is not None and not (reason and reason.isprintable() and len(reason) <= LONGEST_REASON):
            msg = f"a reason is one line of at most {LONGEST_REASON} characters"
            raise CollectionError(msg, hint="say in a few words why the answers are excluded")
        session = self.find(store)
        told = described(store, session)
        store.exclude(session.id, reason).result()
        return told


class Free(OnParticipant):
    """Free a participant's place for another one; the answers remain in the data."""

    name = "free"

    def carry_out(self, store: Store) -> Told:
        """Return the session as it was, and whether it held a place."""
        session = self.find(store)
        told = described(store, session)
        return told | {"had_place": store.free(session.id).result()}


class Look(OnParticipant):
    """Describe a participant's session; nothing is changed."""

    name = "look"

    def carry_out(self, store: Store) -> Told:
        """Return the session's state, task, batch and numbers of answers."""
        return described(store, self.find(store))


class Withdraw(OnParticipant):
    """Delete everything that a participant sent; this cannot be undone."""

    name = "withdraw"

    def carry_out(self, store: Store) -> Told:
        """Return the session as it was."""
        session = self.find(store)
        told = described(store, session)
        store.withdraw(session.id).result()
        return told


class Amend(Action):
    """Amend the study to match its file in the collection's folder; ids added to its allow list can take part.

    Parameters
    ----------
    dry_run
        Only check, and return what would change.
    """

    name = "amend"
    dry_run: bool = False

    def carry_out(self, store: Store) -> Told:
        """Return the number of the amendment and what it changes; the previous number if nothing changes.

        Raises
        ------
        StudyFileError
            If the study file is invalid, or changes something that cannot change; all findings are reported at once.
        StoreRefusedError
            If a batch already has more participants than it would want.
        """
        now = read_study_file(store.folder, allow_placeholders=store.is_synthetic)
        found, findings = changes(store.frozen.study, now), Findings()
        text = read_study_text(store.folder)
        used = [form.version for form in store.versions.consents]
        for path, said in refused(found, now, used):
            findings.add(COLLECTION, text.line_of(path), f"{dotted(path)} {said}".strip())
        findings.refuse()
        # Examples may show new pictures.
        draw_design(store.folder, now)
        allowed = read_allowed(store.folder, now.recruiting)
        if allowed and not self.dry_run:
            store.allow(allowed).result()
        number = store.frozen.version
        if found and not self.dry_run:
            number = store.amend(now, [dotted(change.path) for change in found]).result().number
        return {
            "number": number,
            "changes": [
                {
                    "key": dotted(change.path),
                    "was": change.was,
                    "is": change.now_is,
                    "holds": change.rule.value if isinstance(change.rule, Holds) else None,
                }
                for change in found
            ],
        }


def described(store: Store, session: SessionRecord) -> Told:
    """Return what operators see of a session; answers and trials are those of the whole sitting."""
    parts = store.parts(session)
    return {
        "state": session.state,
        "is_late": session.is_late,
        "is_incomplete": session.is_incomplete,
        "excluded": session.excluded,
        "task": session.task,
        "tasks": [part.task for part in parts],
        "batch": session.batch,
        "answers": sum(len(store.held(part.id)) for part in parts),
        "trials": sum(len(part.plan.rows) for part in parts),
        "participant_id": store.key.participant(session.sitting),
    }


_ALL: tuple[type[Action], ...] = (Close, Pause, Message, Amend, Links, Look, Exclude, Free, Withdraw)
ACTIONS = {action.name: action for action in _ALL}
"""All actions, by name."""
