"""Pictures of the dashboard, for the guide: a study with an afternoon of scripted participants.

Called by scripts/screens.py. The study clock runs fast, so that the afternoon takes half a minute.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from starlette.types import ASGIApp

    from hmix_hub.suite.store.store import Store

Take = Callable[["Page", Path], None]

WIDE, PHONE = (1300, 900), (400, 860)
"""Sizes of the browser window, in pixels; pages are taken down to this height."""
HASTE = 2000.0
"""Seconds on the study clock per second."""
PEOPLE, LEAVING = 34, 0.2
VIEWS = ("Overview", "Participants", "Trials and answers")


def take_dashboard(browser: Browser, collection: Path, folder: Path, take: Take) -> None:
    """Run scripted participants through a small study, and take pictures of the dashboard's views.

    Parameters
    ----------
    collection
        A new folder for the study.
    folder
        Folder for the pictures: dashboard_<view>.png, and dashboard_phone.png of the first view.
    take
        Writes a picture of a page.
    """
    from hmix_hub.suite.simulation.simulate import simulate

    clock = HastyClock()
    with _served(collection, clock) as (people, dashboard):
        simulate(collection, url=people, people=PEOPLE, dropouts=LEAVING, workers=3)
        clock.stop()
        for view in VIEWS:
            with _opened(browser, dashboard, view, WIDE) as page:
                take(page, folder / f"dashboard_{view.split()[0].lower()}.png")
        with _opened(browser, dashboard, VIEWS[0], PHONE) as page:
            take(page, folder / "dashboard_phone.png")


class HastyClock:
    """A clock that runs fast until it is stopped, seconds."""

    def __init__(self) -> None:
        self._end: float | None = None

    def __call__(self) -> float:
        """Return the time."""
        return HASTE * (time.monotonic() if self._end is None else self._end)

    def stop(self) -> None:
        """Stop the clock, so that all pictures show the same moment."""
        self._end = time.monotonic()


@contextlib.contextmanager
def _opened(browser: Browser, address: str, view: str, size: tuple[int, int]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page.goto(address)
    page.get_by_role("link", name=view).click()
    batch = page.locator("select").first
    if view == VIEWS[-1]:
        batch.wait_for()
        batch.select_option(index=0)
    page.wait_for_timeout(1500)
    yield page
    page.close()


@contextlib.contextmanager
def _served(collection: Path, clock: HastyClock) -> Iterator[tuple[str, str]]:
    """Serve a new study with a fast clock; yield the addresses for participants and of the dashboard."""
    from hmix_hub.suite.design.drawing import draw_design
    from hmix_hub.suite.operator.channel import Channel, new_token
    from hmix_hub.suite.operator.watch import Watch
    from hmix_hub.suite.server.app import build_app
    from hmix_hub.suite.server.error_log import ErrorLog
    from hmix_hub.suite.server.operator import build_operator_app
    from hmix_hub.suite.starter import write_collection
    from hmix_hub.suite.store.store import Store
    from hmix_hub.suite.store.writer import Times
    from hmix_hub.suite.study.reading import read_study_file

    write_collection(collection)
    frozen, image_set = draw_design(collection, read_study_file(collection, allow_placeholders=True))
    times = Times(elapsed=clock)
    made: Store = Store.create(collection, frozen, is_synthetic=True, times=times)
    with made as store, contextlib.closing(Watch(store)) as watch:
        token = new_token()
        operator = build_operator_app(store, watch, token, image_set, ErrorLog())
        with _running(build_app(store, image_set, trial_run=True)) as people, _running(operator) as address:
            yield people, Channel(address, token).page


@contextlib.contextmanager
def _running(app: ASGIApp) -> Iterator[str]:
    import uvicorn

    from hmix_hub.suite.server.serving import address_of, listening

    with listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield address_of(listener)
        server.should_exit = server.force_exit = True
        thread.join()
