"""Pictures of every participants' page, on a laptop and on a phone, side by side, for README and the guide.

Called by scripts/screens.py. The study is the starter, with questions, practice and breaks around its trials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from hmix_hub.suite.study.model import StudyFile

SCREENS: dict[str, dict[str, Any]] = {
    "laptop": {"viewport": {"width": 1366, "height": 657}},
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True},
}
HEIGHT, GAP, GROUND, COLOURS = 400, 16, "#c9ced6", 64
"""Height of a picture in pixels, the gap between its two parts, the gap's colour, and the number of colours."""
CONSENT = """\
This is an example of a study of mixed pictures, to try out how it works.

## What you do
- You read **instructions** and answer a few questions about them.
- You judge pictures. There are no right or wrong answers.

You can stop at any time. The button "Withdraw" deletes everything you have answered.

[ ] I am at least 18 years old.
[ ] I have read this form, and I take part of my own free will.
"""
FULL_WALK = "select_shuffled_midpoint"
"""The task of which all pages are taken; of the others, only a trial."""
Save = Callable[[Path, int], None]


def take_pages(browser: Browser, collection: Path, folder: Path, save: Save) -> None:
    """Take every page of a study on both screens.

    Parameters
    ----------
    collection
        A new folder for the study.
    folder
        Folder for the pictures: <task>.png, and page_<name>.png of all other pages.
    save
        Reduces a file to a number of colours.
    """
    from hmix_hub.suite.operator.actions import Close
    from hmix_hub.suite.operator.channel import carry_out
    from hmix_hub.suite.simulation.connection import running_server
    from hmix_hub.suite.study.reading import read_study_file

    _write_study(collection)
    parts_folder = collection.with_name("parts")
    parts_folder.mkdir()
    study = read_study_file(collection)
    taken: dict[str, dict[str, Path]] = {}
    with running_server(collection) as address:
        for screen in SCREENS:
            for task in study.tasks:
                walk = Walk(browser, screen, f"{address}/?task={task}", study, parts_folder, taken)
                walk.take_all() if task == FULL_WALK else walk.take_trial(task)
            walk.take_troubles()
        carry_out(collection, Close())
        for screen in SCREENS:
            Walk(browser, screen, address, study, parts_folder, taken).take_first("closed")
    for name, parts in taken.items():
        path = folder / f"{name}.png"
        _side_by_side([parts[screen] for screen in SCREENS]).save(path)
        save(path, COLOURS)


def _write_study(folder: Path) -> None:
    from hmix_hub.suite.starter import preset_text, write_collection
    from hmix_hub.suite.study.reading import COLLECTION

    write_collection(folder)
    content = yaml.safe_load(preset_text("starter", "pilot"))
    content["consent"]["text"] = CONSENT
    content["before"] = [{"preset": "demographics"}]
    full = content["tasks"][FULL_WALK]
    full["breaks"] = {"every": 3}
    full["practice"] = [
        {
            "image_1_index": 199,
            "image_2_index": 190,
            "feedback": "There is no right answer: look for what others would say.",
        }
    ]
    (folder / COLLECTION).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@dataclass
class Walk:
    """A walk through a study on one screen, with pictures of its pages.

    Parameters
    ----------
    screen
        One of `SCREENS`.
    address
        The study's, with the task.
    study
        The study file.
    folder
        Folder for the pictures.
    taken
        Receives the pictures, by name and screen.
    """

    browser: Browser
    screen: str
    address: str
    study: StudyFile
    folder: Path
    taken: dict[str, dict[str, Path]]

    def take_trial(self, task: str) -> None:
        """Take a half-answered trial."""
        with self._opened() as (_, page):
            self._go_on(page, until=".trial")
            ANSWERS.get(task, _by_key)(page)
            self._shoot(page, task)

    def take_first(self, name: str) -> None:
        """Take the first page."""
        with self._opened() as (_, page):
            self._shoot(page, f"page_{name}")

    def take_all(self) -> None:
        """Take all pages from the consent form to the end, and beyond."""
        with self._opened() as (_, page):
            self._shoot(page, "page_consent")
            page.get_by_role("button", name="I do not agree").click()
            self._shoot(page, "page_declined")
            page.locator("button.main").click()
            self._go_on(page, until="#instructions-text", name="page_questions")
            page.locator("button.main:enabled").click()
            page.locator(".example .picture").last.wait_for()
            self._shoot(page, "page_instructions")
            page.locator("button.main:enabled").click()
            self._shoot(page, "page_quiz")
            self._answer_quiz(page, offset=1)
            self._shoot(page, "page_quiz_wrong")
            self._go_on(page, until=".trial")
            _select(page)
            page.locator("button.main:enabled").click()
            page.wait_for_timeout(700)
            self._shoot(page, "page_practice")
            page.locator("button.main:enabled").click()
            for number in range(7):
                page.locator("fieldset.controls:enabled").wait_for()
                _select(page)
                if number == 1:
                    self._shoot(page, FULL_WALK)
                page.locator("button.main:enabled").click()
                page.wait_for_timeout(400)
                if number in {2, 5}:
                    self._shoot(page, "page_break")
                    page.locator("button.main:enabled").click()
            self._shoot(page, "page_comments")
            page.locator("button.main:enabled").click()
            page.locator(".code").wait_for()
            self._shoot(page, "page_end")
            page.locator("#withdraw").click()
            self._shoot(page, "page_withdraw")
            page.locator("button.danger").click()
            self._shoot(page, "page_withdrawn")

    def take_troubles(self) -> None:
        """Take the pages for problems: no connection, another tab."""
        with self._opened() as (context, page):
            self._go_on(page, until=".trial")
            other = context.new_page()
            other.goto(self.address)
            self._shoot(other, "page_elsewhere")
            other.close()
            context.set_offline(offline=True)
            _by_key(page)
            page.locator("button.main:enabled").click()
            page.locator("#status[data-kind=failing]").wait_for()
            self._shoot(page, "page_no_connection")

    @contextmanager
    def _opened(self) -> Iterator[tuple[BrowserContext, Page]]:
        context = self.browser.new_context(**SCREENS[self.screen], reduced_motion="reduce")
        page = context.new_page()
        page.goto(self.address)
        page.locator("h1:not(:text('…'))").wait_for()
        yield context, page
        context.close()

    def _go_on(self, page: Page, *, until: str, name: str = "") -> None:
        """Read and answer everything before a page; take the page of questions on the way."""
        page.locator("button.main:enabled").first.wait_for()
        while not page.locator(until).count():
            for box in page.get_by_role("checkbox").all():
                box.check()
            if page.locator("[name^=question-]").count():
                self._answer_quiz(page)
            else:
                for group in page.get_by_role("radiogroup").all():
                    group.get_by_role("radio").first.check()
                if page.get_by_role("radiogroup").count() and name:
                    self._shoot(page, name)
                page.locator("button.main:enabled").first.click()
            page.wait_for_timeout(400)
        page.locator(f"{until}:not([aria-busy])").wait_for()

    def _answer_quiz(self, page: Page, offset: int = 0) -> None:
        groups = page.get_by_role("radiogroup").all()
        asked = [group.locator("legend span").last.inner_text() for group in groups]
        quizzes = [task.quiz.questions for task in self.study.tasks.values() if task.quiz]
        quiz = next(quiz for quiz in quizzes if [question.question for question in quiz] == asked)
        for group, question in zip(groups, quiz, strict=True):
            group.get_by_role("radio").nth((question.answer - 1 + offset) % len(question.choices)).check()
        page.locator("button.main:enabled").click()

    def _shoot(self, page: Page, name: str) -> None:
        # Hide the trial run notice, and take the page from its top.
        page.evaluate("document.getElementById('notices').hidden = true; window.scrollTo(0, 0)")
        page.wait_for_timeout(400)
        path = self.folder / f"{name}.{self.screen}.png"
        page.screenshot(path=path)
        self.taken.setdefault(name, {})[self.screen] = path


def _construct(page: Page) -> None:
    page.locator("h1").focus()
    for key in "gggghhgg":
        page.keyboard.press(key)
        page.wait_for_timeout(60)


def _select(page: Page) -> None:
    page.get_by_role("radio").nth(4).check(force=True)


def _infer(page: Page) -> None:
    for slider, presses in zip(page.get_by_role("slider").all(), (14, 22), strict=True):
        slider.press("Space")
        for _ in range(presses):
            slider.press("ArrowRight")


def _categorical(page: Page) -> None:
    page.locator("input[name=top]").nth(2).check(force=True)
    page.locator("#top-percent").fill("60")
    page.locator("input[name=second]").nth(5).check(force=True)
    page.evaluate("document.activeElement.blur()")


def _by_key(page: Page) -> None:
    page.locator("h1").focus()
    page.keyboard.press("4")
    for slider in page.get_by_role("slider").all():
        slider.press("Space")
        for _ in range(18):
            slider.press("ArrowRight")


ANSWERS = {
    "construct_midpoint": _construct,
    "infer_mixing_factor": _infer,
    "categorical_soft_labels": _categorical,
}


def _side_by_side(paths: list[Path]) -> Image.Image:
    """Join pictures of the same height."""
    parts = []
    for path in paths:
        with Image.open(path) as picture:
            width = round(picture.width * HEIGHT / picture.height)
            parts.append(picture.convert("RGB").resize((width, HEIGHT), Image.Resampling.LANCZOS))
    joined = Image.new("RGB", (sum(part.width for part in parts) + GAP * (len(parts) - 1), HEIGHT), GROUND)
    left = 0
    for part in parts:
        joined.paste(part, (left, 0))
        left += part.width + GAP
    return joined
