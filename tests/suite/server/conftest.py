"""A collection of all four tasks that is being served, and people who take part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from suite_maker import Asker, Person, frozen_study, sample_pictures

from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.store.store import Store


@dataclass
class Served:
    """A collection, its application, and how to ask it."""

    store: Store
    asker: Asker

    @property
    def frozen(self) -> FrozenStudy:
        return self.store.frozen

    def person(self, seed: int = 0) -> Person:
        return Person(self.asker, self.frozen.consent_sha256, seed=seed)

    def kept_of(self, person: Person) -> tuple[list[Any], list[Any]]:
        """Return the answers that are stored of a person, and what was kept aside."""
        session = self.store.session(person.token_hash)
        assert session is not None
        return list(self.store.answers(session.id)), self.store.aside(session.id)

    def ask(self, *args: Any, **how: Any) -> Any:
        return self.asker.ask(*args, **how)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve a study: `serve(*tasks, **changes of the study file)`."""
    with ExitStack() as stack:

        def begin(*tasks: str, trial_run: bool = False, times: Any = None, **changes: Any) -> Served:
            folder = tmp_path / f"collection-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            store = stack.enter_context(Store.create(folder, frozen_study(*tasks, **changes), times=times))
            app = build_app(store, sample_pictures(), trial_run=trial_run)
            return Served(store, stack.enter_context(Asker(app)))

        yield begin


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve one collection to all tests of a module, each with people of its own."""
    folder = tmp_path_factory.mktemp("shared")
    with ExitStack() as stack:
        store = stack.enter_context(Store.create(folder, frozen_study(quota=1000)))
        yield Served(store, stack.enter_context(Asker(build_app(store, sample_pictures()))))


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()
