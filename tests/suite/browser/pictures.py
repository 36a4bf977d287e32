"""Pixels: of the pictures of each trial as the store knows them, and of what is on the screen."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hmix_hub.stimuli.drawing import draw_mixture
from hmix_hub.suite.mixtures import mixtures_of_stimulus, trial_pictures
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Trial

Pixels = npt.NDArray[np.uint8]
SIZE = 320
FILLED = (157, 189, 227)
"""Colour of the fill of a slider."""


@dataclass(frozen=True)
class Shown:
    """A trial as the store knows it.

    Parameters
    ----------
    trial
        The plan's.
    names, pictures
        Of its pictures in the order of the page; uint8 (32, 32, 3).
    """

    trial: Trial
    names: list[str]
    pictures: list[Pixels]


def trials_of(served: Any) -> list[Shown]:
    """Return the trials of the only session, in order."""
    (session,) = served.store.sessions()
    frozen = served.store.frozen
    batch = frozen.batches[session.batch]
    return [
        Shown(
            trial,
            trial_pictures(session.id, trial, batch, served.store.key),
            [_draw(served.image_set.pictures, mixture) for mixture in _mixtures(batch, trial)],
        )
        for trial in session.plan.trials
    ]


def _mixtures(batch: Any, trial: Trial) -> list[Any]:
    mixtures = mixtures_of_stimulus(batch.task, batch.stimuli[trial.stimulus])
    return [mixtures[place] for place in SUITE_TASKS[batch.task].order(trial)]


def _draw(pictures: Pixels, mixture: Any) -> Pixels:
    first, second, coefficient = mixture
    return draw_mixture(pictures[[first]], pictures[[second]], np.array([coefficient]))[0].transpose(1, 2, 0)


def enlarged(picture: Pixels) -> Pixels:
    """Return a picture, uint8 (32, 32, 3), as a screen with room for it shows it."""
    times = SIZE // picture.shape[0]
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def on_screen(locator: Any) -> Pixels:
    """Return the pixels of the screen that an element covers: browsers draw boxes at whole pixels."""
    box = {name: math.floor(value + 0.5) for name, value in locator.bounding_box().items()}
    return decoded(locator.page.screenshot(clip=box, animations="disabled"))


def decoded(png: bytes) -> Pixels:
    """Return the pixels of a PNG file, uint8 (height, width, 3)."""
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))


def fill_of(track: Pixels) -> list[float]:
    """Find the fill of a slider in the pixels of its track: where along it the fill begins and ends, 0 to 1."""
    row = track[len(track) // 3].astype(int)
    filled = np.flatnonzero(np.abs(row - FILLED).sum(axis=1) < 12)
    return [float(place) / len(row) for place in (filled[0], filled[-1])] if len(filled) else []
