"""Pictures of pages, for README: of each interface, halfway through a trial, and of the head of the report.

python3 scripts/screens.py [FOLDER]        default: dataset_cards; needs Chromium (HMIX_CHROMIUM, or on the path)

The report's numbers are of the release; where that cannot be reached, its picture is left as it is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from environment import ROOT, options_of, run_script
from screens_dashboard import take_dashboard

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from hmix_hub.suite.study.model import Question

WIDTH, HEIGHT = 720, 700
"""Of the browser's window, in pixels; a longer page of an interface is taken whole."""
REPORT_WIDTH = 1120
"""Of the browser's window for the report, the head of which is taken, down to its first finding."""
COLOURS = 200
"""Of the files: the pages have few colours, and so much smaller files."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT / "dataset_cards", help="folder to write the pictures to"
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Write the pictures of the interfaces, then that of the report."""
    from playwright.sync_api import sync_playwright

    folder: Path = arguments.folder
    (folder / "suite").mkdir(parents=True, exist_ok=True)
    browser_path = os.environ.get("HMIX_CHROMIUM") or shutil.which("chromium")
    if browser_path is None:
        sys.exit("there is no Chromium: on Debian and Ubuntu, apt install chromium; or name one with HMIX_CHROMIUM")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        _take_interfaces(browser, Path(scratch) / "pilot", folder / "suite")
        take_dashboard(browser, Path(scratch) / "watched", folder / "suite", take_window)
        _take_report(browser, Path(scratch) / "report", folder / "report.png")
        browser.close()


def _take_interfaces(browser: Browser, collection: Path, folder: Path) -> None:
    """Serve a small study, and answer a trial of each task halfway."""
    from hmix_hub.suite.simulation.connection import running_server
    from hmix_hub.suite.starter import write_collection
    from hmix_hub.suite.study.reading import read_study_file

    write_collection(collection)
    quizzes = {task: design.quiz for task, design in read_study_file(collection).tasks.items()}
    with running_server(collection) as address:
        for task, quiz in quizzes.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
            page.goto(f"{address}/?task={task}")
            _begin(page, quiz.questions if quiz else [])
            ANSWERS.get(task, _by_key)(page)
            page.evaluate("document.getElementById('notices').hidden = true")  # that it is a trial run
            page.wait_for_timeout(500)
            _take(page, folder / f"{task}.png")
            page.close()


def _take_report(browser: Browser, folder: Path, path: Path) -> None:
    """Write the report on the release, and take its head."""
    import hmix_hub
    from hmix_hub.sources import choose_source

    source = choose_source()[0]
    if source == "sample":
        print(f"left {path} alone: the released files cannot be reached (HMIX_SOURCE names a folder that holds them)")
        return
    written = hmix_hub.write_report(hmix_hub.report("h-mix", source=source), folder)
    page = browser.new_page(viewport={"width": REPORT_WIDTH, "height": HEIGHT})
    page.goto(written.as_uri())
    height = page.evaluate("document.querySelector('main section').getBoundingClientRect().top")
    _take(page, path, height)
    page.close()


def _begin(page: Page, quiz: Sequence[Question]) -> None:
    """Come to the first trial: agree, read, and answer the quiz."""
    page.get_by_role("button", name="I agree to take part").click()
    questions = page.get_by_role("button", name="Check my answers")
    while not questions.is_visible():
        page.get_by_role("button", name="Next").or_(page.get_by_role("button", name="Start")).or_(questions).wait_for()
        if not questions.is_visible():
            page.locator("button.main").click()
            page.wait_for_timeout(400)
    for group, question in zip(page.get_by_role("radiogroup").all(), quiz, strict=True):
        group.get_by_role("radio").nth(question.answer - 1).check()
    questions.click()
    page.locator("fieldset.controls:enabled").wait_for()


def _construct(page: Page) -> None:
    for key in "ggghhgggg":
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
    page.get_by_label("How probable is it?").fill("60")
    page.locator("input[name=second]").nth(5).check(force=True)


def _by_key(page: Page) -> None:
    page.keyboard.press("4")
    for slider in page.get_by_role("slider").all():
        slider.press("Space")
        for _ in range(18):
            slider.press("ArrowRight")


ANSWERS = {
    "construct_midpoint": _construct,
    "select_shuffled_midpoint": _select,
    "infer_mixing_factor": _infer,
    "categorical_soft_labels": _categorical,
}


def _take(page: Page, path: Path, height: float | None = None) -> None:
    """Write a picture of the page, whole or down to a height, in few colours."""
    if height is None:
        page.screenshot(path=path, full_page=True)
    else:
        page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": REPORT_WIDTH, "height": height})
    _in_few_colours(path)


def take_window(page: Page, path: Path) -> None:
    """Write a picture of what is seen of a page, in few colours."""
    page.screenshot(path=path)
    _in_few_colours(path)


def _in_few_colours(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    run_script(main, options(), "dev")
