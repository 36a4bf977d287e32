"""Pictures of the page are those that people saw, to the last bit, wherever the folder is opened from."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from explored import table_of
from explorer.test_every_task import larger, morphed
from PIL import Image
from playwright.sync_api import expect
from study_generator.own_pictures import pixels

import hmix_hub
from hmix_hub.explorer.writing import write_explorer
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.tasks import INFER
from hmix_hub.tasks.midpoint import WALK

_MIXED = """async (wanted) => {
  const { pictures, data } = hmix.explorer.view;
  const column = (name) => data.stimuli.column(name).values;
  while (wanted.some(([s]) => !pictures.shown(data.stimuli, s, 0.5))) await new Promise((done) => setTimeout(done, 10));
  return wanted.map(([s, coefficient]) => {
    const canvas = document.createElement("canvas");
    hmix.paint(canvas, pictures.shown(data.stimuli, s, coefficient));
    const { data: bytes } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return btoa(String.fromCharCode(...bytes));
  });
}"""


def mixtures(page, wanted):
    """Return the pictures that the page paints of stimuli at coefficients; uint8 (N, 3, 32, 32)."""
    bytes_ = b"".join(base64.b64decode(text) for text in page.evaluate(_MIXED, wanted))
    pixels = np.frombuffer(bytes_, np.uint8).reshape(len(wanted), 32, 32, 4)
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3].transpose(0, 3, 1, 2)


@pytest.fixture(scope="module")
def pairs(load_sample):
    """Eight pairs of the midpoint task, in the order of its stimuli."""
    return list(dict.fromkeys(load_sample("construct_midpoint")["pair_id"]))[:8]


def expected(load_sample, pairs):
    """Return the eleven mixtures of each pair that people saw."""
    dataset = load_sample("construct_midpoint")
    first = [dataset["pair_id"].index(pair) for pair in pairs for _ in WALK]
    answers = np.tile(WALK, len(pairs))
    rows = dataset.select(first).remove_columns("selected_coefficient").add_column("selected_coefficient", answers)
    return hmix_hub.render(rows.cast(dataset.features)).numpy()


def test_all_eleven_mixtures_are_those_that_people_saw(sample, load_sample, pairs):
    sample.show("task=construct_midpoint")
    wanted = [[s, coefficient] for s in range(len(pairs)) for coefficient in sample.ask("hmix.explorer.view.walk")]
    assert np.array_equal(mixtures(sample.page, wanted), expected(load_sample, pairs))


def test_from_a_disk_the_pictures_are_the_same(chromium, sample_folder, load_sample):
    page = chromium.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((sample_folder / "index.html").as_uri())
    page.locator(".tile canvas:not(.loading)").first.wait_for()
    stimuli = page.evaluate("hmix.explorer.view.data.names.slice(0, 20)")
    shown = [[s, float(name.split("_")[1])] for s, name in enumerate(stimuli)]
    assert np.array_equal(mixtures(page, shown), hmix_hub.render(stimuli, source="sample").numpy())
    assert said == []
    page.close()


def canvas_bytes(canvas):
    """Return what a canvas shows; uint8 (H, W, 3)."""
    text, width, height = canvas.evaluate(
        """(canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return [btoa(data.reduce((text, byte) => text + String.fromCharCode(byte), "")), canvas.width, canvas.height];
        }"""
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[..., :3]


def enlarged(picture):
    return np.kron(picture, np.ones((30, 30, 1), dtype=np.uint8))


@pytest.fixture
def own(chromium, tmp_path):
    """Open the explorer of the example study, changed, from the disk, at its first stimulus of one or two pictures."""
    page = chromium.new_page()

    def open_one(change, *, is_single=False):
        files = example_study()
        change(files)
        folder = tmp_path / "page"
        write_explorer(str(write_files(tmp_path / "study", files)), folder, cifar10="/nowhere")
        rows = table_of(folder, f"{INFER}.stimuli").to_pylist()
        wanted = {"is_single": is_single, "mixing_coefficient": 1.0 if is_single else 0.5}
        row = next(row for row in rows if wanted.items() <= (row | {"is_single": row["image_2"] < 0}).items())
        page.goto(f"{(folder / 'index.html').as_uri()}#task={INFER}&stimulus={row['stimulus_id']}")
        page.locator(".mixture canvas").wait_for()
        return page, row

    yield open_one
    page.close()


def test_large_pictures_are_mixed_in_their_own_size(own):
    page, row = own(larger(30))
    canvas = page.locator(".mixture canvas[width='180']")
    canvas.wait_for()
    indices = [int(part) for part in re.findall(r"_(\d+)", row["stimulus_id"])[-2:]]
    one, two = (enlarged(pixels(i)).astype(float) for i in indices)
    assert np.array_equal(canvas_bytes(canvas), ((0.5 * one + 0.5 * two) / 255 * 255).astype(np.uint8))
    assert np.array_equal(canvas_bytes(page.locator(".endpoint canvas[width='180']").first), one.astype(np.uint8))


def largely_morphed(files):
    morphed(files)
    for name, content in files.items():
        if name.endswith(".png"):
            stream = io.BytesIO()
            Image.fromarray(enlarged(np.asarray(Image.open(io.BytesIO(content))))).save(stream, "PNG")
            files[name] = stream.getvalue()


def test_mixtures_of_another_method_are_shown_in_their_own_size_and_no_others(own):
    page, row = own(largely_morphed)
    canvas = page.locator(".mixture canvas[width='180']")
    canvas.wait_for()
    first = int(re.findall(r"_(\d+)", row["stimulus_id"])[-2])
    assert np.array_equal(canvas_bytes(canvas), enlarged(pixels(first)))
    page.get_by_role("slider").press("ArrowRight")
    expect(page.locator(".mixture canvas")).to_have_class("absent")


def test_a_single_picture_is_shown_in_its_own_size_and_mixed_with_none(own):
    page, row = own(larger(30), is_single=True)
    canvas = page.locator(".stage canvas[width='180']")
    canvas.wait_for()
    first = int(re.findall(r"_(\d+)", row["stimulus_id"])[-1])
    assert np.array_equal(canvas_bytes(canvas), enlarged(pixels(first)))
    expect(page.get_by_role("slider")).to_have_count(0)
