"""Pictures for README and the guides: participants' pages, the dashboard, the head of the report, the explorer.

python3 scripts/screens.py [FOLDER]        default: dataset_cards; needs Chromium (HMIX_CHROMIUM, or on the path)

The report is about the release; if that is not available, its picture is left alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from environment import ROOT, options_of, run_script
from screens_dashboard import take_dashboard
from screens_pages import take_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REPORT_WIDTH, HEIGHT = 1120, 700
"""Size of the browser window for the report, in pixels; the picture shows its head, down to the first finding."""
EXPLORER_WIDTH, EXPLORER_HEIGHT = 1280, 860
COLOURS = 200
"""Number of colours in the files; pages have few colours, so this makes the files much smaller."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT / "dataset_cards", help="folder to write the pictures to"
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Write the pictures of the pages and the dashboard, then that of the report."""
    from playwright.sync_api import sync_playwright

    folder: Path = arguments.folder
    (folder / "suite").mkdir(parents=True, exist_ok=True)
    browser_path = os.environ.get("HMIX_CHROMIUM") or shutil.which("chromium")
    if browser_path is None:
        sys.exit("Chromium is missing: on Debian and Ubuntu, apt install chromium, or set HMIX_CHROMIUM")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        take_pages(browser, Path(scratch) / "pilot", folder / "suite", in_few_colours)
        take_dashboard(browser, Path(scratch) / "watched", folder / "suite", take_window)
        _take_report(browser, Path(scratch) / "report", folder / "report.png")
        _take_explorer(browser, Path(scratch) / "explorer", folder / "exploring.png")
        browser.close()


def _take_report(browser: Browser, folder: Path, path: Path) -> None:
    """Write the report on the release, and take its head."""
    import hmix_hub
    from hmix_hub.sources import choose_source

    source = choose_source()[0]
    if source == "sample":
        print(
            f"left {path} alone: the released files are not available (set HMIX_SOURCE to a folder that contains them)"
        )
        return
    written = hmix_hub.write_report(hmix_hub.report("h-mix", source=source), folder)
    page = browser.new_page(viewport={"width": REPORT_WIDTH, "height": HEIGHT})
    page.goto(written.as_uri())
    height = page.evaluate("document.querySelector('main section').getBoundingClientRect().top")
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": REPORT_WIDTH, "height": height})
    in_few_colours(path)
    page.close()


def _take_explorer(browser: Browser, folder: Path, path: Path) -> None:
    """Write the explorer of the sample study, whose pictures are free to show, and take a picture of it."""
    import hmix_hub

    page = browser.new_page(viewport={"width": EXPLORER_WIDTH, "height": EXPLORER_HEIGHT})
    page.goto(hmix_hub.write_explorer("h-mix", folder, source="sample").as_uri())
    page.wait_for_load_state("networkidle")
    take_window(page, path)
    page.close()


def take_window(page: Page, path: Path) -> None:
    """Write a picture of the visible part of a page, in few colours."""
    page.screenshot(path=path)
    in_few_colours(path)


def in_few_colours(path: Path, colours: int = COLOURS) -> None:
    """Rewrite a picture with fewer colours, which makes it smaller."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.convert("RGB").quantize(colours).save(path, optimize=True)
    print(f"wrote {path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    run_script(main, options(), "dev")
