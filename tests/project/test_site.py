"""The site: built once without a warning, everything public on it, and no link that leads nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

import hmix_hub
from hmix_hub.cli.main import main

NOTEBOOKS = ("five_minutes", "own_study", "train")


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    """The folder of the site, built over the sample."""
    folder = tmp_path_factory.mktemp("site")
    # Without the script's own start, which would install what is missing.
    build = "import pathlib, sys, docs; sys.exit(docs.build(pathlib.Path(sys.argv[1])))"
    ran = subprocess.run(
        [sys.executable, "-c", build, folder],
        env=os.environ | {"PYTHONPATH": str(root / "scripts"), "HMIX_SOURCE": "sample"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    return folder / "html"


@pytest.fixture
def docs(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import docs

    return docs


def commands_of(command: click.Command, name: str = "hmix") -> Iterator[str]:
    """Yield the names of a command and of all below it."""
    yield name
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            yield from commands_of(command.get_command(context, below), f"{name} {below}")


def test_every_public_name_has_a_page(site):
    pages = {path.stem for path in (site / "api").iterdir()}
    assert {f"hmix_hub.{name}" for name in hmix_hub.__all__ if not name.startswith("__")} <= pages


def test_every_verb_of_the_command_line_is_there(site):
    text = "".join(path.read_text(encoding="utf-8") for path in (site / "cli").iterdir())
    names = set(commands_of(main)) - {"hmix"}
    assert len(names) > 30
    assert {name for name in names if f'id="{name.replace(" ", "-")}"' not in text} == set()


def test_search_finds_names_and_verbs(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    found = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    objects = {entry[-1] for entries in found["objects"].values() for entry in entries}
    assert set(hmix_hub.__all__) - {"__version__"} <= objects
    assert {"cli/load", "cli/collect", "tutorials/train", "rules"} <= set(found["docnames"])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_show_what_they_print_and_can_be_downloaded_without(name, site):
    page = (site / "tutorials" / f"{name}.html").read_text(encoding="utf-8")
    assert page.count("cell_output") >= 4
    assert "data:image/png" in page or "_images/" in page
    (file,) = site.glob(f"_downloads/*/{name}.ipynb")
    cells = [cell for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 5
    assert all(cell["outputs"] == [] for cell in cells)


def test_code_in_the_text_leads_to_what_it_names(site):
    page = (site / "how_to" / "choose_rows.html").read_text(encoding="utf-8")
    assert 'href="../api/hmix_hub.filter.html#hmix_hub.filter"' in page
    assert 'href="../cli/info.html#hmix-info"' in page


def test_a_broken_link_is_found(docs, tmp_path):
    pages = {
        "a.html": '<a href="b.html#here"></a> <a href="b.html#there"></a> <a href="c.html"></a>',
        "b.html": '<p id="here"><a href="https://"></a><img src="https://elsewhere.org/x.png">',
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    assert sorted(docs.broken_links(tmp_path)) == [
        "a.html: b.html#there: the page has no such place",
        "a.html: c.html does not exist",
        "b.html: https:// is not an address",
        "b.html: loads https://elsewhere.org/x.png, so needs a network",
    ]
