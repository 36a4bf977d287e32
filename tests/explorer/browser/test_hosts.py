"""The page on other web servers, in a frame of another site, and what it says of files that are new or missing."""

from __future__ import annotations

import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from explorer.browser.conftest import WIDE
from playwright.sync_api import expect


@pytest.fixture
def static_server(tmp_path):
    """Serve a folder as any web server does, which lets others frame it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_works_in_a_frame_of_another_site(chromium, sample_folder, static_server):
    folder, address = static_server
    shutil.copytree(sample_folder, folder / "space")
    (folder / "frame.html").write_text('<iframe src="space/index.html#task=construct_midpoint" width=1200 height=800>')
    page = chromium.new_page(**WIDE)
    page.goto(f"{address.replace('127.0.0.1', 'localhost')}/frame.html")
    frame = page.frame_locator("iframe")
    expect(frame.locator(".tile canvas:not(.loading)").first).to_be_visible()
    frame.get_by_role("checkbox", name=re.compile("^dog")).check()
    expect(frame.get_by_role("button", name="Remove labels dog")).to_be_visible()
    page.close()


def test_data_of_a_newer_format_and_missing_files_are_told(chromium, sample_folder, static_server):
    folder, address = static_server
    for name in ("newer", "incomplete"):
        shutil.copytree(sample_folder, folder / name)
    metadata = folder / "newer/data/explorer.js"
    metadata.write_text(metadata.read_text().replace('"format":1', '"format":2'))
    left_out = folder / "incomplete/data/infer_mixing_factor.arrow"
    content = left_out.read_bytes()
    left_out.unlink()
    (folder / "incomplete/data/pictures-000.png").unlink()
    (folder / "incomplete/vendor/plot.js").unlink()
    page = chromium.new_page()
    page.goto(f"{address}/newer/index.html")
    expect(page.get_by_role("alert")).to_contain_text("of format 2, and this page reads format 1")
    page.goto(f"{address}/incomplete/index.html")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("infer_mixing_factor.arrow cannot be loaded: status 404")
    page.goto(f"{address}/incomplete/index.html#task=construct_midpoint&labels=unicorn")
    expect(page.locator(".tile:visible").first).to_be_visible()
    for told in ("“unicorn” is not a class", "Pictures are missing", "The figures cannot be drawn"):
        expect(page.locator(".notice", has_text=told)).to_be_visible()
    page.get_by_role("link", name="Infer mixing factor").click()
    expect(alert).to_contain_text("infer_mixing_factor.arrow cannot be loaded")
    page.go_back()
    expect(page.locator(".tile:visible").first).to_be_visible()
    left_out.write_bytes(content)
    page.get_by_role("link", name="Infer mixing factor").click()
    expect(page.locator(".tile:visible").first).to_be_visible()
    expect(alert).to_have_count(0)
    page.close()
