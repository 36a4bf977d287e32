"""Fixtures: served collections, people whose console stays clean."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hmix_hub.suite.server.proxy import DIRECT, Proxy

_PATIENCE_MS = 10_000
_SMALL = """() => [...document.querySelectorAll('button, a:not(:is(p, li) *), input, textarea, .choice, .cell')]
  .filter((node) => !node.closest('[hidden]') && node.getClientRects().length && !node.closest('dialog:not([open])'))
  .map((node) => node.closest('label.choice, label.cell') ?? node)
  .filter((node) => {
    // A mouse needs less room than a finger.
    const [width, height] = matchMedia('(pointer: fine)').matches ? [43.5, 31.5] : [43.5, 43.5];
    return node.getBoundingClientRect().height < height || node.getBoundingClientRect().width < width;
  })
  .map((node) => node.outerHTML.slice(0, 200))"""
"""What is too small to be pressed; links within a sentence may be (WCAG 2.5.8)."""


def with_waits(timing: str, **waits: int) -> str:
    """Change waits, milliseconds, in the text of `timing.js`."""
    for name, wait in waits.items():
        timing, changed = re.subn(rf"(const {name} = )[\d_]+", rf"\g<1>{wait}", timing)
        assert changed == 1
    return timing


@pytest.fixture(scope="session")
def awake_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the client; its buttons do not sleep at the beginning of every screen, and few tests have a second tab."""
    folder = tmp_path_factory.mktemp("awake") / "client"
    shutil.copytree(str(files("hmix_hub.suite.client")), folder)
    timing = folder / "timing.js"
    timing.write_text(with_waits(timing.read_text(encoding="utf-8"), WAKE=10, LISTEN=20), encoding="utf-8")
    return folder


@pytest.fixture
def serve(tmp_path: Path, awake_client: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Serve studies; afterwards nothing may have been kept aside, unless the test says so."""
    from suite.browser.collection import serving, study_file

    from hmix_hub.suite.server import app

    begun: list[Any] = []

    def begin(*tasks: str, is_awake: bool = True, proxy: Proxy = DIRECT, **more: Any) -> Any:
        if is_awake:
            monkeypatch.setattr(app, "files", lambda _package: awake_client)
        folder = tmp_path / f"study-{len(begun)}"
        folder.mkdir(exist_ok=True)
        context = serving(folder, study_file(*tasks, **more), proxy)
        served = context.__enter__()
        begun.append((context, served))
        return served

    yield begin
    aside = [record for _, served in begun if not served.expects_aside for record in served.store.aside()]
    for context, _ in begun:
        context.__exit__(None, None, None)
    assert aside == []


class Console:
    """What browsers complained about."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._allowed: list[str] = []

    def listen(self, context: Any) -> None:
        context.on("console", lambda message: message.type in {"error", "warning"} and self.said.append(message.text))
        context.on("weberror", lambda error: self.said.append(f"not caught: {error.error}"))

    def allow(self, pattern: str) -> None:
        """Expect a complaint: the browser itself says so where a request fails."""
        self._allowed.append(pattern)

    @property
    def complaints(self) -> list[str]:
        return [text for text in self.said if not any(re.search(pattern, text) for pattern in self._allowed)]


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console()
    yield console
    assert console.complaints == []


@pytest.fixture
def open_browser(chromium: Any, console: Console, serve: Any) -> Iterator[Callable[..., Any]]:
    """Open a browser context of a person's own; closed before what `serve` serves: a page may be loading pictures."""
    contexts: list[Any] = []

    def open_context(**options: Any) -> Any:
        context = chromium.new_context(**options)
        context.set_default_timeout(_PATIENCE_MS)
        console.listen(context)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture
def person(open_browser: Callable[..., Any]) -> Callable[..., Any]:
    """Let somebody sit down at a browser: `person(served, **options of the browser)`."""
    from suite.browser.person import Person

    def sit_down(served: Any, **options: Any) -> Any:
        return Person(open_browser(**options).new_page(), served.address)

    return sit_down


@pytest.fixture
def on_phone(person: Callable[..., Any]) -> Callable[..., Any]:
    """Let somebody take a phone of 360 by 740."""
    from suite.browser.person import PHONE

    return lambda served: person(served, **PHONE)


@pytest.fixture
def hurried() -> Callable[..., None]:
    """Make the client's waits short: `hurried(page, AWAY=300)`; or those of `awake_client` long again."""

    def hurry(page: Any, **waits: int) -> None:
        def shorten(route: Any) -> None:
            response = route.fetch()
            route.fulfill(response=response, body=with_waits(response.text(), **waits))

        page.context.route("**/static/timing.js", shorten)

    return hurry


@pytest.fixture
def look(violations: Callable[[Any], Any]) -> Callable[..., None]:
    """Look at a screen."""
    from playwright.sync_api import expect

    def look_at(me: Any, heading: str | None = None, *, focused: bool = True) -> None:
        if heading:
            me.heading(heading)
        if focused:
            expect(me.page.get_by_role("heading", level=1)).to_be_focused()
        assert violations(me.page) == []
        assert me.page.evaluate(_SMALL) == []
        assert me.page.evaluate("document.documentElement.scrollWidth") <= me.page.viewport_size["width"]

    return look_at
