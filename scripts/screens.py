"""Pictures of the four interfaces, for README: a study is served, a browser answers a trial of each task halfway.

python3 scripts/screens.py [FOLDER]        default: dataset_cards/suite; needs Chromium (HMIX_CHROMIUM, or on the path)
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

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from hmix_hub.suite.study.model import Question

WIDTH, HEIGHT = 720, 700
"""Of the browser's window, in pixels; a longer page is taken whole."""
COLOURS = 200
"""Of the files: the pages have few colours, and so much smaller files."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT / "dataset_cards" / "suite", help="folder to write the pictures to"
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Serve the small study, and take the pictures."""
    from playwright.sync_api import sync_playwright

    from hmix_hub.suite.simulation.connection import running_server
    from hmix_hub.suite.starter import write_collection
    from hmix_hub.suite.study.reading import read_study_file

    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    browser_path = os.environ.get("HMIX_CHROMIUM") or shutil.which("chromium")
    if browser_path is None:
        sys.exit("there is no Chromium: on Debian and Ubuntu, apt install chromium; or name one with HMIX_CHROMIUM")
    with tempfile.TemporaryDirectory() as scratch:
        collection = Path(scratch) / "pilot"
        write_collection(collection)
        quizzes = {task: design.quiz for task, design in read_study_file(collection).tasks.items()}
        with running_server(collection) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
            for task, quiz in quizzes.items():
                page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
                page.goto(f"{address}/?task={task}")
                _begin(page, quiz.questions if quiz else [])
                if answer := ANSWERS.get(task):
                    answer(page)
                _take(page, folder / f"{task}.png")
                page.close()
            browser.close()


def _begin(page: Page, quiz: Sequence[Question]) -> None:
    """Come to the first trial: agree, read, and answer the quiz."""
    page.get_by_role("button", name="I agree, begin").click()
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


ANSWERS = {
    "construct_midpoint": _construct,
    "select_shuffled_midpoint": _select,
    "infer_mixing_factor": _infer,
    "categorical_soft_labels": _categorical,
}


def _take(page: Page, path: Path) -> None:
    """Write a picture of the page, in few colours."""
    from PIL import Image

    page.evaluate("document.getElementById('notices').hidden = true")  # that it is a trial run
    page.wait_for_timeout(500)
    page.screenshot(path=path, full_page=True)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    run_script(main, options(), "dev")
