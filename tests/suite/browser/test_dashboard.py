"""The dashboard in a browser: it shows what comes in by itself, and what is pressed happens, by keyboard, too."""

from __future__ import annotations

import contextlib
import re

import pytest
import yaml

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import Running
from suite.browser.person import PHONE
from suite.store.small_study import join
from suite_maker import Asker, Person, frozen_study, sample_pictures, study_content

from hmix_hub.suite.operator import watch as watching
from hmix_hub.suite.operator.channel import new_token
from hmix_hub.suite.operator.watch import Watch
from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.server.error_log import ErrorLog
from hmix_hub.suite.server.operator import build_operator_app
from hmix_hub.suite.store.news import News
from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, INFER, RATING

TASKS = (CONSTRUCT, INFER, CATEGORICAL, CHOICE, RATING)
WIDE = {"viewport": {"width": 1300, "height": 900}}


class Dashboard:
    """A collection with people, and its dashboard."""

    def __init__(self, store: Store, running: Running, token: str, asker: Asker) -> None:
        self.store, self.address, self.token = store, running.address, token
        self._asker = asker

    def person(self, seed: int = 0) -> Person:
        return Person(self._asker, self.store.frozen.consent_sha256, seed=seed)

    def id_of(self, person: Person) -> str:
        session = self.store.session(person.token_hash)
        assert session is not None
        return self.store.key.participant(session.sitting)


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory):
    """Serve one collection to all tests: two people have answered about every batch."""
    folder = tmp_path_factory.mktemp("dashboard") / "collection"
    token = new_token()
    with (
        pytest.MonkeyPatch.context() as patch,
        Store.create(folder, frozen_study(*TASKS, batches=1, quota=50)) as store,
        contextlib.closing(Watch(store)) as watch,
        Asker(build_app(store, sample_pictures())) as asker,
    ):
        patch.setattr(watching, "EVERY_SECONDS", 0)
        running = Running(build_operator_app(store, watch, token, sample_pictures(), ErrorLog()))
        made = Dashboard(store, running, token, asker)
        for number, task in enumerate(TASKS * 2):
            made.person(number).take_part(task)
        try:
            yield made
        finally:
            running.stop()


@pytest.fixture
def open_dashboard(dashboard, open_browser):
    """Open the dashboard; it looks ten times a second."""

    def open_one(view=None, **options):
        page = open_browser(**(options or WIDE)).new_page()

        def hasten(route):
            response = route.fetch()
            route.fulfill(response=response, body=response.text().replace("EVERY = 2000", "EVERY = 100"))

        page.route("**/static/dashboard/main.js", hasten)
        page.goto(f"{dashboard.address}/#{dashboard.token}")
        if view:
            page.get_by_role("link", name=view).click()
        return page

    return open_one


def figure(page, name):
    return page.locator(".figures div", has_text=name).locator("dd")


def test_what_comes_in_is_shown_by_itself_and_the_focus_stays(dashboard, open_dashboard):
    page = open_dashboard()
    expect(page.get_by_role("heading", level=1)).to_have_text(dashboard.store.frozen.study.title)
    before = int(figure(page, "Answers").inner_text())
    expect(figure(page, "Finished")).to_have_text("10 of 250")
    assert int(figure(page, "In progress").inner_text()) == sum(
        1 for session in dashboard.store.sessions() if session.state == "live"
    )
    assert page.evaluate("location.hash") == ""
    finished = page.get_by_role("button", name="finished", exact=True)
    finished.focus()
    someone = dashboard.person(50)
    someone.answer(someone.begin(INFER)[0])
    expect(figure(page, "Answers")).to_have_text(str(before + 1))
    expect(finished).to_be_focused()
    for said in (
        "Participants by stage",
        "Batches",
        "Answers over time",
        "Response times",
        "Agreement so far",
        "Flags",
    ):
        expect(page.get_by_role("heading", name=said)).to_be_visible()
    expect(page.get_by_role("img", name="infer mixing factor: half of")).to_be_visible()
    finished.press("Enter")
    expect(page.get_by_role("combobox", name="Stage")).to_have_value("finished")
    expect(page.get_by_text("1 to 10 of 10 participants")).to_be_visible()


def test_a_reload_goes_on_and_a_wrong_token_shows_nothing(
    dashboard, open_dashboard, open_browser, console, monkeypatch
):
    page = open_dashboard("Participants")
    page.reload()
    expect(page.get_by_role("heading", name="Participants")).to_be_visible()
    monkeypatch.setattr("hmix_hub.suite.server.operator.GUESS_SECONDS", 0)
    console.allow("401")
    other = open_browser().new_page()
    other.goto(f"{dashboard.address}/#{new_token()}")
    expect(other.get_by_role("alert")).to_have_text(re.compile("Open the address that `hmix collect serve` printed"))
    assert dashboard.store.frozen.study.title not in other.content()


def test_every_trial_is_shown_with_its_answers(dashboard, open_dashboard):
    page = open_dashboard("Trials and answers")
    for number, batch in enumerate(dashboard.store.frozen.batches):
        page.get_by_role("combobox", name="Batch").select_option(str(number))
        stimuli = page.locator(".stimulus")
        expect(stimuli).to_have_count(len(batch.stimuli))
        first = stimuli.first
        expect(first).to_contain_text(re.compile(r"\d answers"))
        pictures = first.locator("img")
        expect(pictures).to_have_count(11 if batch.task == CONSTRUCT else 1)
        expect(pictures.last).to_have_js_property("naturalWidth", 32)
        charts = first.get_by_role("img", name=re.compile("from 0 to 1"))
        expect(charts).to_have_count({RATING: 2, CHOICE: 0, CATEGORICAL: 0}.get(batch.task, 1))
        if batch.task in {CHOICE, CATEGORICAL}:
            expect(first.get_by_role("rowheader").first).to_have_text(re.compile("[a-z]+"))


def test_a_participant_is_found_and_deleted_after_a_question(dashboard, open_dashboard):
    someone = dashboard.person(60)
    someone.take_part(CHOICE)
    name, code = dashboard.id_of(someone), someone.replies[-1].json["code"]
    page = open_dashboard("Participants")
    page.get_by_label("Code or ID of a participant").fill(code)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=f"Participant {name}")
    dialog.get_by_role("button", name="Delete everything…").click()
    page.get_by_role("button", name="Keep").click()
    row = page.get_by_role("button", name=name)
    row.click()
    dialog.get_by_role("button", name="Delete everything…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Everything the participant sent has been deleted.")
    expect(row).to_have_count(0)
    assert someone.ask("GET", "/api/session").status == 410


def test_a_participant_is_excluded_for_a_reason_and_taken_back(dashboard, open_dashboard, console):
    console.allow("409")
    someone = dashboard.person(70)
    someone.take_part(INFER)
    page = open_dashboard("Participants")
    row = page.get_by_role("row", name=dashboard.id_of(someone))
    row.get_by_role("button").click()
    page.get_by_role("button", name="Exclude").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(re.compile("a reason is one line"))
    page.get_by_label("Reason for exclusion").fill("the same answer throughout")
    page.get_by_role("button", name="Exclude").click()
    expect(row).to_contain_text("excluded")
    row.get_by_role("button").click()
    expect(page.get_by_text("Excluded: the same answer throughout")).to_be_visible()
    page.get_by_role("button", name="Include again").click()
    expect(row).to_contain_text("finished")


def test_nobody_has_a_code_that_nobody_has(open_dashboard, console):
    console.allow("409")
    page = open_dashboard("Participants")
    page.get_by_label("Code or ID of a participant").fill("F-0000-0000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="No participant found")).to_be_visible()


def test_pause_message_and_close_by_keyboard(dashboard, open_dashboard):
    page = open_dashboard()
    expect(figure(page, "Storage")).to_have_text("OK")

    def press(name, *keys):
        page.get_by_role("button", name=name, exact=True).press("Enter")
        for key in keys:
            page.keyboard.press(key)

    press("Pause…", "Enter")
    expect(page.locator("#state")).to_contain_text("paused")
    press("Message…")
    page.keyboard.type("Back at five.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_contain_text("Message to all participants: “Back at five.”")
    assert dashboard.store.news == News(is_paused=True, message="Back at five.")
    press("Message…")
    page.get_by_role("button", name="Remove it").press("Enter")
    expect(page.get_by_role("button", name="Message…")).to_be_focused()
    press("Resume")
    expect(page.get_by_role("status")).to_have_text("The study continues.")
    expect(page.locator("#state")).to_contain_text("open")
    press("Close…", "Escape")
    assert not dashboard.store.is_closed()
    press("Close…", "Enter")
    expect(page.locator("#state")).to_contain_text("closed")
    press("Reopen…", "Enter")
    expect(page.locator("#state")).to_contain_text("open")
    assert dashboard.store.news == News()


def test_the_study_is_amended_as_its_file_says_after_it_was_shown(dashboard, open_dashboard, console):
    console.allow("409")
    page = open_dashboard()
    dialog = page.get_by_role("dialog")

    def amend(content=None):
        if content is not None:
            text = yaml.safe_dump(content)
            (dashboard.store.folder / "collection.yaml").write_text(text, encoding="utf-8")
        page.get_by_role("button", name="Amend…").click()

    amend()
    expect(page.get_by_role("dialog", name="These changes are not possible")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    content = study_content(*TASKS)
    amend(content)
    expect(page.get_by_role("dialog", name="Nothing to amend")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    amend(content | {"seed": 7})
    expect(page.get_by_role("dialog", name="These changes are not possible")).to_contain_text("seed")
    dialog.get_by_role("button", name="Close").click()
    amend(content | {"session": {"timeout_minutes": 90}})
    expect(dialog.get_by_role("row", name="session.timeout_minutes")).to_contain_text("90")
    dialog.get_by_role("button", name="Amend").click()
    expect(page.locator("#state")).to_contain_text("amended 1 time")
    assert dashboard.store.frozen.study.session.timeout_minutes == 90


@pytest.mark.parametrize("screen", [WIDE, {**PHONE, "viewport": {"width": 400, "height": 800}}], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_sticks_out(dashboard, open_dashboard, screen, violations):
    join(dashboard.store, screen["viewport"]["width"])
    page = open_dashboard(**screen)

    def look():
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]

    page.locator(".figures").wait_for()
    look()
    page.get_by_role("link", name="Participants").click()
    page.locator("button.code").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look()
    page.keyboard.press("Escape")
    look()
    page.get_by_role("link", name="Trials and answers").click()
    for number in range(len(dashboard.store.frozen.batches)):
        page.get_by_role("combobox", name="Batch").select_option(str(number))
        page.locator(".stimulus").first.wait_for()
        look()
