"""Docs: builds the site from the guides, the docstrings and the command line; a warning or a failing example fails.

python3 scripts/docs.py               writes build/site/html
python3 scripts/docs.py --serve       ... and serves it on this machine, until Ctrl-C
python3 scripts/docs.py --check       writes nothing
python3 scripts/docs.py --external    ... and asks every external link for an answer, which needs a network

Notebooks run over the data that HMIX_SOURCE names, or else over the synthetic sample, each in an empty folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

from environment import ROOT, options_of, run_script

SITE = ROOT / "scripts" / "site"
GUIDES = ROOT / "dataset_cards"
ABOUT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".github/SECURITY.md")
"""Pages next to the guides' folder; on the site, all are in one."""
_FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.S | re.M)
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
_HEADING = re.compile(r"^# .*\n", re.M)
_NOTEBOOK = re.compile(r"^```\{code-cell\}", re.M)


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 if the site cannot be built as it should"
    )
    parser.add_argument("--external", action="store_true", help="check external links, too")
    parser.add_argument("--serve", metavar="PORT", type=int, nargs="?", const=8000, help="serve the site on 127.0.0.1")
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "build" / "site", help="folder (default: build/site)")
    return parser


def main(arguments: argparse.Namespace) -> int:
    """Build the site; 1 if anything is wrong with it."""
    if arguments.check:
        with tempfile.TemporaryDirectory(prefix="hmix-site-") as scratch:
            return build(Path(scratch), external=arguments.external)
    status = build(arguments.out, external=arguments.external)
    if not status:
        print(f"wrote {arguments.out / 'html' / 'index.html'}")
    if arguments.serve is not None and not status:
        serve(arguments.out / "html", arguments.serve)
    return status


def build(folder: Path, *, external: bool = False) -> int:
    """Build the site below a folder; return the exit status of Sphinx, or 1 for a broken link.

    Parameters
    ----------
    folder
        Gets `source` (the pages as Sphinx reads them), `doctrees` and `html`.
    external
        Whether to follow the links that leave the site.
    """
    from sphinx.cmd.build import main as sphinx

    folder = folder.absolute()
    os.environ.setdefault("HMIX_SOURCE", "sample")
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"
    # Two notebooks run at once, and threads of one would wait for those of the other.
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Kernels heed no settings of whoever builds, and do not warn that they listen on ports of this machine.
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n", encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)
    source, html = folder / "source", folder / "html"
    stage(source)
    shutil.rmtree(html, ignore_errors=True)
    always = ["-c", str(SITE), "-d", str(folder / "doctrees"), "-q", "-W", "--keep-going", "-j", "2", str(source)]
    status = sphinx(["-b", "html", *always, str(html)])
    if external:
        status |= sphinx(["-b", "linkcheck", *always, str(folder / "links")])
    faults = sorted(set(broken_links(html)))
    for fault in faults:
        print(fault)
    return status or int(bool(faults))


def stage(source: Path) -> None:
    """Write the pages as Sphinx reads them: all in one folder, with one of the command line for each verb."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(SITE / "pages", source)
    shutil.copytree(GUIDES, source, ignore=_others, dirs_exist_ok=True)
    for path in [*(ROOT / name for name in ABOUT), *GUIDES.rglob("*.md")]:
        _place(path, source).write_text(_page(path, source), encoding="utf-8")
    (source / "schema.md").write_text(_schema(), encoding="utf-8")
    for verb, address in _verbs():
        text = f".. click:: {address}\n   :prog: hmix {verb}\n   :nested: full\n"
        (source / "cli" / f"{verb}.rst").write_text(text, encoding="utf-8")


def _others(folder: str, names: list[str]) -> list[str]:
    """Return the files of a folder that are not part of the site."""
    return [name for name in names if (Path(folder) / name).is_file() and not name.endswith((".md", ".png"))]


def _place(path: Path, source: Path) -> Path:
    """Return where a page or picture of the project lies among the pages that Sphinx reads."""
    return source / (path.relative_to(GUIDES) if path.is_relative_to(GUIDES) else path.name)


def _page(path: Path, source: Path) -> str:
    """Return a page with its links as they are on the site, and a notebook with the way to download it."""
    text = path.read_text(encoding="utf-8")
    here = _place(path, source).parent

    def moved(link: re.Match[str]) -> str:
        original = (path.parent / link[1]).resolve()
        target = _place(original, source)
        if original.is_file() and not target.exists():
            shutil.copy(original, target)
        return os.path.relpath(target, here)

    if _NOTEBOOK.search(text):
        _write_notebook(text, source / "notebooks" / f"{path.stem}.ipynb")
        way = f"{os.path.relpath(source, here)}/notebooks/{path.stem}.ipynb"
        data = "H-Mix" if os.environ["HMIX_SOURCE"] != "sample" else "the built-in sample, whose answers are simulated"
        line = f"{{download}}`Download this page as a notebook <{way}>`. The outputs below come from {data}."
        text = _HEADING.sub(rf"\g<0>\n{line}\n", text, count=1)
    else:
        text = _FRONT_MATTER.sub("", text)
    # The home page says what the README does.
    aside = "---\nnosearch: true\norphan: true\n---\n" if path.name == "README.md" else ""
    return aside + _LINK.sub(moved, text)


def _write_notebook(text: str, path: Path) -> None:
    """Write a notebook of a page, without outputs."""
    import jupytext

    path.parent.mkdir(exist_ok=True)
    jupytext.write(jupytext.reads(text, fmt="md:myst"), path)


def _schema() -> str:
    """Return a page with the columns of every task."""
    from hmix_hub.schema.column import column_table
    from hmix_hub.schema.versions import CURRENT
    from hmix_hub.tasks import TASKS

    head = f"# Schema\n\nColumns of the judgments in schema {CURRENT}, by task; `hmix info TASK` prints them.\n"
    return head + "".join(f"\n## {task.name}\n\n{column_table(task.columns)}\n" for task in TASKS.values())


def _verbs() -> Iterator[tuple[str, str]]:
    """Yield the verbs of `hmix`, each with the address of its command."""
    import importlib

    import click

    from hmix_hub.cli.main import VERBS

    for verb, (module, _) in VERBS.items():
        found = vars(importlib.import_module(module)).items()
        yield (
            verb,
            f"{module}:{next(name for name, one in found if isinstance(one, click.Command) and one.name == verb)}",
        )


def broken_links(html: Path) -> Iterator[str]:
    """Yield the links that lead nowhere, and what a page would load from another site.

    Parameters
    ----------
    html
        Folder of the site.
    """
    pages = {path: _Links(path.read_text(encoding="utf-8")) for path in html.rglob("*.html")}
    for path, page in pages.items():
        where = path.relative_to(html)
        yield from (f"{where}: loads {address}, so needs a network" for address in page.loaded if ":" in address)
        for address in page.links + page.loaded:
            scheme, host, place, _, _, anchor = urlparse(address)
            if scheme:
                if scheme not in {"https", "http", "mailto"} or not (host or place):
                    yield f"{where}: {address} is not an address"
                continue
            target = (path.parent / unquote(place)).resolve() if place else path
            if not target.is_file():
                yield f"{where}: {address} does not exist"
            elif anchor and target in pages and unquote(anchor) not in pages[target].anchors:
                yield f"{where}: {address}: the page has no such place"


class _Links(HTMLParser):
    """What a page links to, loads, and can be linked to at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses and the anchor of an element."""
        values = dict(attrs)
        self.anchors.add(values.get("id") or "")
        if tag == "a":
            self.links.append(values.get("href") or "")
        elif tag in {"img", "script", "link", "iframe", "source"}:
            self.loaded.append(values.get("src") or values.get("href") or "")


def serve(folder: Path, port: int) -> None:
    """Serve a folder on 127.0.0.1 until Ctrl-C."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    server = ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=folder))
    print(f"http://127.0.0.1:{server.server_address[1]}/ (Ctrl-C stops)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    run_script(main, options(), extra="docs")
