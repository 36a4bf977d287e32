"""Fixtures: explorers that are served, and one page for many checks, whose console stays clean."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hmix_hub.explorer.serving import listening
from hmix_hub.explorer.writing import write_explorer
from hmix_hub.studies.example import example_study, write_files

WIDE = {"viewport": {"width": 1440, "height": 900}}
OTHER_TASKS = ("class_choice", "scale_rating", "class_votes")
_SHOW = """async (view) => {
  // The page allows no texts as code, so that Playwright's own waiting for a function cannot be used.
  while (!(window.Plot && hmix.explorer?.view)) await new Promise((done) => setTimeout(done, 10));
  location.hash = view;
  await hmix.explorer.render();
}"""
_DRAWN = """async () => {
  do await new Promise((done) => setTimeout(done, 5)); while (hmix.explorer.panel.left.length);
}"""
HOSTILE = "<img src=x onerror=alert(1)>"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as `hmix explore` does; yields its address."""
    with listening(folder) as (server, address):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()


class Explored:
    """A page of an explorer."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.on("console", lambda said: said.type in {"error", "warning"} and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"not caught: {error}"))
        page.goto(address)
        self.show("")

    def show(self, view: str) -> None:
        """Show what an address says, and wait until it is shown."""
        # A page behind another draws nothing.
        self.page.bring_to_front()
        self.page.evaluate(_SHOW, view)

    def ask(self, expression: str, argument: Any = None) -> Any:
        """Compute something in the page."""
        return self.page.evaluate(expression, argument)

    def wait_for_figures(self) -> None:
        """Wait until those figures are drawn, too, that are out of sight."""
        self.page.evaluate(_DRAWN)

    @property
    def notices(self) -> list[str]:
        return self.page.locator(".notice").all_inner_texts()

    @property
    def rows(self) -> list[int]:
        """Numbers of the rows selected."""
        return self.ask("hmix.explorer.view.selection.rows()")


@pytest.fixture(scope="session")
def sample_explorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_explorer("h-mix", tmp_path_factory.mktemp("explorer") / "sample", source="sample")


@pytest.fixture(scope="session")
def sample_folder(sample_explorer: Path) -> Path:
    return sample_explorer.parent


def with_shares(votes: str, count: int) -> str:
    """Convert a CSV file of votes into shares; their number is unknown in the first rows."""
    rows = list(csv.DictReader(io.StringIO(votes)))
    for row in rows:
        row["class_frequencies"] = ""
    for row in rows[:count]:
        counts = list(map(int, row["class_counts"].split("|")))
        shares = "|".join(str(number / sum(counts)) for number in counts)
        row |= {"n_votes": "", "class_counts": "", "class_frequencies": shares}
    written = io.StringIO()
    writer = csv.DictWriter(written, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def votes_study(folder: Path, count: int) -> Path:
    """Write a study of votes, of which the first are shares alone."""
    files = example_study("class_votes")
    name = "judgments/class_votes.csv"
    files[name] = with_shares(files[name].decode(), count).encode()
    return write_files(folder, files)


@pytest.fixture(scope="session")
def other_studies(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write studies of the tasks that H-Mix lacks.

    The title of one is markup, two have participants of the same names, and the number of votes is not always known.
    """
    of_people = [write_files(tmp_path_factory.mktemp("study") / task, example_study(task)) for task in OTHER_TASKS[:2]]
    changes = {"Mixed pictures, an example study": f'"{HOSTILE}"', "id: example-study": "id: other-study"}
    for study, (before, after) in zip(of_people, changes.items(), strict=True):
        manifest = study / "study.yaml"
        manifest.write_text(manifest.read_text().replace(before, after))
    return [*of_people, votes_study(tmp_path_factory.mktemp("study") / "class_votes", 1)]


@pytest.fixture(scope="session")
def other_folder(other_studies: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explorer") / "others"
    write_explorer([str(study) for study in other_studies], folder, cifar10=str(folder / "none"))
    return folder


@pytest.fixture(scope="session")
def _pages(chromium: Any, sample_folder: Path, other_folder: Path) -> Iterator[dict[str, Explored]]:
    context = chromium.new_context(**WIDE)
    with served(sample_folder) as sample, served(other_folder) as others:
        yield {"sample": Explored(context.new_page(), sample), "others": Explored(context.new_page(), others)}
        context.close()


@pytest.fixture
def sample(_pages: dict[str, Explored]) -> Iterator[Explored]:
    """Show the sample study, from the beginning."""
    page = _pages["sample"]
    page.show("")
    yield page
    assert page.complaints == []


@pytest.fixture
def others(_pages: dict[str, Explored]) -> Iterator[Explored]:
    """Show studies of the other tasks, from the beginning."""
    page = _pages["others"]
    page.show("")
    yield page
    assert page.complaints == []
