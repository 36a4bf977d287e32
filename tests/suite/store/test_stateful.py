"""Any order of joining, answering, going away, coming back, finishing, withdrawing and restarting keeps the laws.

The quota is never passed, the same again changes nothing, and nothing that was acknowledged is lost.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from suite.store.small_study import Clocks, answer, frozen_study, token

from hmix_hub.suite.store.database import SessionGoneError, StudyClosedError, StudyFullError
from hmix_hub.suite.store.records import Outcome
from hmix_hub.suite.store.store import Store

QUOTAS = (2, 1)
PEOPLE = st.integers(0, 5)
TRIALS = st.integers(2, 5)
SHARES = st.integers(0, 1)
TIMEOUT_MS = 60 * 60_000
RESUME_MS = 24 * 60 * 60_000


@dataclass
class Person:
    id: str
    batch: int
    last: int
    state: str = "live"
    is_late: bool = False
    is_incomplete: bool = False
    answers: dict[int, str] = field(default_factory=dict)
    faulty: set[int] = field(default_factory=set)
    conflicts: set[tuple[int, str]] = field(default_factory=set)


class Collection(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.clocks = Clocks()
        self.store = Store.create(self.folder / "c", frozen_study(*QUOTAS, attempts=None), times=self.clocks.times)
        self.people: dict[int, Person] = {}
        self.gone: set[int] = set()
        self.given = [0] * len(QUOTAS)
        self.is_closed = False

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)

    def lapse(self):
        for person in self.people.values():
            if person.state == "live" and person.last < self.store.now() - TIMEOUT_MS:
                person.state = "lapsed"

    def taken(self, batch, besides=None):
        self.lapse()
        return sum(
            person.batch == batch
            and (person.state == "live" or (person.state == "finished" and not person.is_late | person.is_incomplete))
            for person in self.people.values()
            if person is not besides
        )

    def is_free(self, person):
        return self.taken(person.batch, besides=person) < QUOTAS[person.batch]

    def act(self, person):
        """Keep somebody alive who did something, as long as the session may go on."""
        self.lapse()
        if person.state in {"live", "lapsed"} and self.store.now() - person.last <= RESUME_MS:
            person.state = "live" if person.state == "live" or self.is_free(person) else "lapsed"
            person.last = self.store.now()

    @rule(name=PEOPLE)
    def join(self, name):
        waiting = self.store.join(token(name), recruiting_hash=None, task=None)
        free = [
            (self.taken(batch), self.given[batch], batch)
            for batch, quota in enumerate(QUOTAS)
            if self.taken(batch) < quota
        ]
        if name in self.gone:
            assert isinstance(waiting.exception(30), SessionGoneError)
        elif name in self.people:
            assert waiting.result(30).id == self.people[name].id
            self.act(self.people[name])
        elif self.is_closed:
            assert isinstance(waiting.exception(30), StudyClosedError)
        elif not free:
            assert isinstance(waiting.exception(30), StudyFullError)
        else:
            session = waiting.result(30)
            assert (session.batch, session.number) == (min(free)[-1], self.given[session.batch])
            self.given[session.batch] += 1
            self.people[name] = Person(session.id, session.batch, self.store.now())

    @rule(name=PEOPLE, trial=TRIALS, share=SHARES)
    def send(self, name, trial, share):
        if (person := self.people.get(name)) is None:
            return
        outcome = self.store.put_trial(person.id, trial, answer(share), fault=None).result(30)
        first = person.answers.setdefault(trial, answer(share))
        if first != answer(share):
            person.conflicts.add((trial, answer(share)))
            assert outcome is Outcome.CONFLICT
        else:
            assert outcome in {Outcome.STORED, Outcome.SAME}
        if person.is_incomplete and set(person.answers) == set(range(2, 6)):
            person.is_late = person.is_late or not self.is_free(person)
            person.is_incomplete = False
        self.act(person)

    @rule(name=PEOPLE)
    def send_all(self, name):
        for trial in range(2, 6):
            self.send(name, trial, 0)

    @rule(name=PEOPLE, trial=TRIALS)
    def send_faulty(self, name, trial):
        if (person := self.people.get(name)) is None:
            return
        assert self.store.put_trial(person.id, trial, "{", fault="x").result(30) is Outcome.QUARANTINED
        person.faulty.add(trial)
        self.act(person)

    @rule(name=PEOPLE)
    def send_all_faulty(self, name):
        for trial in range(2, 6):
            self.send_faulty(name, trial)

    @rule(name=PEOPLE)
    def resume(self, name):
        if (person := self.people.get(name)) is not None:
            self.store.resume(person.id).result(30)
            self.act(person)

    @rule(name=PEOPLE)
    def finish(self, name):
        person = self.people.get(name)
        if person is None or person.state == "failed_quiz":
            return
        missing = self.store.finish(person.id).result(30)
        assert missing == sorted(set(range(2, 6)) - set(person.answers) - person.faulty)
        if not missing and person.state != "finished":
            person.is_late = not self.is_free(person)
            person.is_incomplete = set(person.answers) < set(range(2, 6))
            person.state = "finished"

    @rule(name=PEOPLE)
    def leave(self, name):
        if (person := self.people.get(name)) is not None:
            self.store.leave(person.id).result(30)
            if person.state != "finished":
                person.state = "failed_quiz"

    @rule(name=PEOPLE)
    def withdraw(self, name):
        if (person := self.people.pop(name, None)) is not None:
            self.store.withdraw(person.id).result(30)
            self.gone.add(name)

    @rule(minutes=st.sampled_from([1, 59, 61, 24 * 60, 25 * 60]))
    def wait(self, minutes):
        self.clocks.pass_by(minutes * 60)

    @rule(seconds=st.sampled_from([-1e7, 1e7]))
    def jump(self, seconds):
        self.clocks.wall += seconds

    @rule(closed=st.booleans())
    def close_study(self, closed):
        self.store.set_closed(closed)
        self.is_closed = closed

    @rule(elapsed=st.sampled_from([0.0, 1e6]))
    def restart(self, elapsed):
        self.store.close()
        self.clocks.elapsed = elapsed
        self.store = Store.open(self.store.folder, times=self.clocks.times)

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def nothing_is_lost_and_nothing_is_too_much(self):
        self.lapse()
        told = {session.id: session for session in self.store.sessions()}
        assert told.keys() == {person.id for person in self.people.values()}
        stored = {(sent.session_id, sent.trial_index): sent.payload for sent in self.store.answers()}
        expected = {(p.id, trial): json.loads(sent) for p in self.people.values() for trial, sent in p.answers.items()}
        assert stored == expected
        aside = [(kept.session_id, kept.place, kept.fault) for kept in self.store.aside()]
        assert sorted(map(str, aside)) == sorted(
            str(kept)
            for p in self.people.values()
            for kept in [
                *((p.id, trial, "x") for trial in p.faulty),
                *((p.id, trial, None) for trial, _ in p.conflicts),
            ]
        )
        for name, person in self.people.items():
            session = self.store.session(token(name))
            assert session == told[person.id]
            assert (session.state, session.is_late, session.batch) == (person.state, person.is_late, person.batch)
            assert session.is_incomplete == person.is_incomplete
            assert self.store.held(person.id) == set(person.answers) | person.faulty
        for count in self.store.counts():
            assert count.finished + count.live == self.taken(count.number) <= count.quota
            incomplete = [p for p in self.people.values() if p.is_incomplete and p.batch == count.number]
            assert count.incomplete == len(incomplete)
        is_full = all(self.taken(batch) >= quota for batch, quota in enumerate(QUOTAS))
        assert self.store.is_full() == is_full
        for name in self.gone:
            with pytest.raises(SessionGoneError):
                self.store.session(token(name))
        self.store.check_integrity()


TestCollection = Collection.TestCase
TestCollection.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
