"""Pictures of the page are those that people saw, to the last bit, wherever the folder is opened from."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import hmix_hub
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
